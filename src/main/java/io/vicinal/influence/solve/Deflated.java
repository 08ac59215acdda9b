package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.tensor.Arena;

/** A preconditioner with the directions of a {@link RitzBasis} taken out. For one thread. */
final class Deflated implements Preconditioner {
  private static final double SINGULAR = 1e-7;

  private final RitzBasis basis;
  private final Preconditioner inner;
  private final ParameterSpace space;
  private final BlockProducts products;
  private final Directions aw;
  private final double[][] inverse;
  private final Directions correction;

  /**
   * @param inner or null for none
   * @param block the most rows that it will see
   */
  Deflated(RitzBasis basis, LinearSystem system, Preconditioner inner, int block, Arena scratch) {
    this.basis = basis;
    this.inner = inner;
    this.space = system.space();
    this.products = new BlockProducts(space);
    this.aw = space.zeros(scratch, basis.size());
    space.copy(basis.mw(), aw);
    space.axpy(system.lambda(), basis.w(), aw);
    this.inverse = RayleighRitz.inverse(space.backend(), products.gram(basis.w(), aw), SINGULAR);
    this.correction = space.zeros(scratch, block);
  }

  /** x = W E^-1 W'r and r -= A x: where a recurrence starts whose residual has no part in W. */
  void start(Directions r, Directions x) {
    double[][] c = times(products.gram(r, basis.w()));
    products.combine(c, basis.across(), x);
    try (Arena scratch = new Arena(space.backend().memory())) {
      Directions image = ParameterSpace.rows(correction, 0, c.length);
      products.combine(c, products.transposed(aw, scratch), image);
      space.axpy(-1, image, r);
    }
  }

  @Override
  public void apply(Directions r, Directions out) {
    if (inner == null) {
      space.copy(r, out);
    } else {
      inner.apply(r, out);
    }
    double[][] c = products.gram(r, basis.w());
    double[][] above = products.gram(out, aw);
    for (int q = 0; q < c.length; q++) {
      for (int j = 0; j < c[q].length; j++) {
        c[q][j] -= above[q][j];
      }
    }
    Directions part = ParameterSpace.rows(correction, 0, c.length);
    products.combine(times(c), basis.across(), part);
    space.axpy(1, part, out);
  }

  /** c E^-1. */
  private double[][] times(double[][] c) {
    int k = basis.size();
    double[][] out = new double[c.length][k];
    for (int q = 0; q < c.length; q++) {
      for (int j = 0; j < k; j++) {
        for (int i = 0; i < k; i++) {
          out[q][j] += c[q][i] * inverse[i][j];
        }
      }
    }
    return out;
  }
}
