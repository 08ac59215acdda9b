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
  },
  /**
   * The variance of x - y over that of x, both over coordinates; 0 where x has none: noise to
   * signal (Yuan et al., CVPR 2019).
   */
  NOISE {
    @Override
    Expr matrix(Expr x, Expr y) {
      return ofSignal(x, centred(x).squaredDistances(centred(y)));
    }

    @Override
    Expr rows(Expr x, Expr y) {
      return ofSignal(x, SQUARED_DISTANCE.rows(centred(x), centred(y)));
    }

    /** What is left of equal coordinates without their mean is rounding. */
    private Expr ofSignal(Expr x, Expr noise) {
      Expr signal = centred(x).square().sum(1);
      Expr rounding = x.graph().epsilon().times(8).square().times(x.square().sum(1));
      Expr none = signal.lessOrEqual(rounding);
      return none.not().times(noise).over(none.select(1, signal));
    }

    private Expr centred(Expr x) {
      return x.minus(x.mean(1));
    }
  };

  /** What is larger for closer ones, [B, B]: "product", or "distance", negated. */
  static Expr similarity(Batch in, String name) {
    return name.equals("product") ? in.matrix(PRODUCT) : in.matrix(DISTANCE).negate();
  }

  /** All rows with all rows, [n, m]. */
  abstract Expr matrix(Expr x, Expr y);

  /** Row by row, [n, 1]. */
  abstract Expr rows(Expr x, Expr y);
}
