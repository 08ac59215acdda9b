package io.vicinal.influence.solve;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.WeightChanges;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.tensor.Arena;

/**
 * The matrix M + lambda of one point, with the sample weights that each right-hand side asks for,
 * and a count of the products. For one thread.
 */
final class LinearSystem {
  private static final double PROBE = 0.7; // a length at which every product is rounded otherwise
  private static final double BAND = 4; // of the rounding that was seen once

  private final CurvaturePoint point;
  private final CurvatureKind kind;
  private final double lambda;
  private final WeightChanges changes;
  private long products;

  /**
   * @param changes per right-hand side, or null
   */
  LinearSystem(CurvaturePoint point, CurvatureKind kind, double lambda, WeightChanges changes) {
    this.point = point;
    this.kind = kind;
    this.lambda = lambda;
    this.changes = changes;
  }

  CurvaturePoint point() {
    return point;
  }

  CurvatureKind kind() {
    return kind;
  }

  ParameterSpace space() {
    return point.space();
  }

  double lambda() {
    return lambda;
  }

  boolean hasChanges() {
    return changes != null;
  }

  long products() {
    return products;
  }

  /** out_q = (M + lambda) x_q. */
  void apply(int[] rhs, Directions x, Directions out) {
    curvature(rhs, x, out);
    space().axpy(lambda, x, out);
  }

  /**
   * out_q = M x_q.
   *
   * @param rhs whose sample weights row q has
   */
  void curvature(int[] rhs, Directions x, Directions out) {
    point.curvature().products(kind, x, changesOf(rhs), out);
    products += rhs.length;
  }

  /** p'(M + lambda)p / p'p of one direction, and how far rounding may have moved it. */
  record Along(double curvature, double error) {
    boolean isNegative() {
      return curvature <= -error;
    }
  }

  /**
   * Curvature along a direction, in double precision. Its error is seen by doing the product twice,
   * with p and with p of another length: what differs is rounding.
   *
   * @param p one vector, of any floating-point type
   */
  Along along(int rhs, Directions p) {
    LinearSystem exact = twin();
    ParameterSpace space = exact.space();
    try (Arena scratch = new Arena(space.backend().memory())) {
      Directions v = space.zeros(scratch, 1);
      Directions first = space.zeros(scratch, 1);
      Directions second = space.zeros(scratch, 1);
      Directions zero = space.zeros(scratch, 1);
      space.copy(p, v);
      space.xpby(zero, new double[] {1 / space.norms(v)[0]}, v);
      exact.curvature(new int[] {rhs}, v, first);
      double curvature = space.dots(v, first)[0] + lambda;
      space.xpby(zero, new double[] {PROBE}, v);
      exact.curvature(new int[] {rhs}, v, second);
      space.axpy(-PROBE, first, second);
      products += exact.products();
      return new Along(curvature, BAND * space.norms(second)[0] / PROBE);
    }
  }

  /** The same system in double precision. */
  LinearSystem twin() {
    return new LinearSystem(point.twin(), kind, lambda, changes);
  }

  /** The system of some right-hand sides alone, numbered anew, with a count of its own. */
  LinearSystem of(int[] rhs) {
    return new LinearSystem(point, kind, lambda, changesOf(rhs));
  }

  private WeightChanges changesOf(int[] rhs) {
    if (changes == null) {
      return null;
    }
    long[] offsets = new long[rhs.length + 1];
    for (int q = 0; q < rhs.length; q++) {
      long count = changes.offsets()[rhs[q] + 1] - changes.offsets()[rhs[q]];
      offsets[q + 1] = offsets[q] + count;
    }
    long[] ids = new long[(int) offsets[rhs.length]];
    double[] deltas = new double[ids.length];
    for (int q = 0; q < rhs.length; q++) {
      int from = (int) changes.offsets()[rhs[q]];
      int count = (int) (offsets[q + 1] - offsets[q]);
      System.arraycopy(changes.ids(), from, ids, (int) offsets[q], count);
      System.arraycopy(changes.deltas(), from, deltas, (int) offsets[q], count);
    }
    return new WeightChanges(offsets, ids, deltas);
  }
}
