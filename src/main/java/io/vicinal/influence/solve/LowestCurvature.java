package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.tensor.Arena;

/**
 * The lowest eigenvalue of a curvature matrix, from a direction that is known to have negative
 * curvature: locally optimal preconditioned conjugate gradients (Knyazev, SIAM J. Sci. Comput. 23,
 * 2001) for one vector, in double precision. The Rayleigh quotient that it ends with is an upper
 * bound of that eigenvalue. What it is still above it is estimated by r'Pr, the residual in the
 * metric of the preconditioner P of M + lambda: large eigenvalues, which make |r| large and move
 * the lowest one by next to nothing, count for little. For one thread.
 */
final class LowestCurvature {
  private static final int STEPS = 60;
  private static final double ACCURACY = 0.05;
  private static final double MARGIN = 1.2;
  private static final double CUTOFF = 1e-12; // vectors that are parallel but for rounding

  private final LinearSystem system;
  private final ParameterSpace space;
  private final int[] rhs;
  private final Preconditioner preconditioner;

  /**
   * @param system in double precision
   * @param rhs whose sample weights the matrix has
   * @param preconditioner of M + lambda, or null
   */
  LowestCurvature(LinearSystem system, int rhs, Preconditioner preconditioner) {
    this.system = system;
    this.space = system.space();
    this.rhs = new int[] {rhs};
    this.preconditioner = preconditioner;
  }

  /** A lambda, with a margin, under which M + lambda is positive along all that was found. */
  double dampingThatWorks(Directions start) {
    try (Arena arena = new Arena(space.backend().memory())) {
      WithProduct x = new WithProduct(arena);
      WithProduct w = new WithProduct(arena);
      WithProduct d = new WithProduct(arena);
      Directions zero = space.zeros(arena, 1);
      Directions r = space.zeros(arena, 1);
      space.copy(start, x.v);
      x.normalize(zero);
      x.product();
      double quotient = 0;
      double error = 0;
      for (int step = 0; step < STEPS; step++) {
        quotient = space.dots(x.v, x.mv)[0];
        space.copy(x.mv, r);
        space.axpy(-quotient, x.v, r);
        error = space.norms(r)[0];
        if (preconditioner == null) {
          space.copy(r, w.v);
        } else {
          preconditioner.apply(r, w.v);
          error = Math.min(error, space.dots(r, w.v)[0]);
        }
        if (error <= ACCURACY * Math.abs(quotient)) {
          break;
        }
        w.normalize(zero);
        w.product();
        if (!improve(step == 0 ? new WithProduct[] {x, w} : new WithProduct[] {x, w, d}, d, zero)) {
          break;
        }
      }
      return MARGIN * (Math.max(0, -quotient) + error);
    }
  }

  /** x becomes the lowest Ritz vector of the basis, d its part outside the old x. */
  private boolean improve(WithProduct[] basis, WithProduct d, Directions zero) {
    int k = basis.length;
    double[][] a = new double[k][k];
    double[][] b = new double[k][k];
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        a[i][j] = space.dots(basis[i].v, basis[j].mv)[0];
        b[i][j] = space.dots(basis[i].v, basis[j].v)[0];
      }
    }
    double[] c = RayleighRitz.of(space.backend(), a, b, CUTOFF).vectors()[0];
    if (c[1] == 0) {
      return false;
    }
    double[] old = {k > 2 ? c[2] / c[1] : 0};
    double[] kept = {c[0] / c[1]};
    WithProduct x = basis[0];
    WithProduct w = basis[1];
    space.xpby(w.v, old, d.v);
    space.xpby(w.mv, old, d.mv);
    space.xpby(d.v, kept, x.v);
    space.xpby(d.mv, kept, x.mv);
    d.normalize(zero);
    x.normalize(zero);
    return true;
  }

  /** A vector and its product. */
  private final class WithProduct {
    final Directions v;
    final Directions mv;

    WithProduct(Arena arena) {
      v = space.zeros(arena, 1);
      mv = space.zeros(arena, 1);
    }

    void product() {
      system.curvature(rhs, v, mv);
    }

    void normalize(Directions zero) {
      double[] scale = {1 / space.norms(v)[0]};
      space.xpby(zero, scale, v);
      space.xpby(zero, scale, mv);
    }
  }
}
