package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/** How two embeddings are compared. */
public enum Measure {
  /** |x - y|, with derivative 0 at 0. */
  DISTANCE {
    @Override
    Expr matrix(Expr x, Expr y) {
      return x.distances(y);
    }

    @Override
    Expr rows(Expr x, Expr y) {
      return SQUARED_DISTANCE.rows(x, y).sqrt();
    }
  },
  /** |x - y|². */
  SQUARED_DISTANCE {
    @Override
    Expr matrix(Expr x, Expr y) {
      return x.squaredDistances(y);
    }

    @Override
    Expr rows(Expr x, Expr y) {
      return x.minus(y).square().sum(1);
    }
  },
  /** The inner product of x and y. */
  PRODUCT {
    @Override
    Expr matrix(Expr x, Expr y) {
      return x.matmul(y.transposed());
    }

    @Override
    Expr rows(Expr x, Expr y) {
      return x.times(y).sum(1);
    }
  },
  /** The cosine of the angle between x and y, 0 with a zero vector. */
  COSINE {
    @Override
    Expr matrix(Expr x, Expr y) {
      return PRODUCT.matrix(x.unitRows(), y.unitRows());
    }

    @Override
    Expr rows(Expr x, Expr y) {
      return PRODUCT.rows(x.unitRows(), y.unitRows());
    }
  };

  /** All rows with all rows, [n, m]. */
  abstract Expr matrix(Expr x, Expr y);

  /** Row by row, [n, 1]. */
  abstract Expr rows(Expr x, Expr y);
}
