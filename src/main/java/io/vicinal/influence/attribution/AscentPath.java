package io.vicinal.influence.attribution;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.LowRankGradient;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.query.UnitRows;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Gradient walks of a measurement over the weight, without the weight: every gradient is sum_r g_r
 * f_r' over the measurement's R test rows, so that a displacement is sum_r a_r f_r' with a [R, d],
 * embeddings move by K a, and inner products of displacements are sum_rs (a_r'b_s) K_rs, where K =
 * F F' holds the inner products of the rows' features. All in double; R x R x d work a step. For
 * one thread; owns an arena.
 */
final class AscentPath implements AutoCloseable {
  /** Share of a vector below which its rest is rounding. */
  private static final double NOTHING = 1e-9;

  private final Arena arena;
  private final Arena scratch;
  private final Backend backend;
  private final Measurement measurement;
  private final Embedded start;
  private final int rank;
  private final int width;
  private final Tensor features;
  private final Tensor kernel;

  /**
   * A walk that was made.
   *
   * @param displacement a [R][d]
   * @param length of the displacement in the space of the weight
   * @param change of the measurement, dD
   * @param slope first-order change: inner product of the displacement with the gradient at the
   *     start
   * @param steps that were made
   */
  record Walk(double[][] displacement, double length, double change, double slope, int steps) {}

  AscentPath(Backend backend, TestSet test, Measurement measurement, Embedded start) {
    this.backend = backend;
    this.measurement = measurement;
    this.start = start;
    this.rank = start.rows().length;
    this.width = start.width();
    this.arena = new Arena(backend.memory());
    this.scratch = new Arena(backend.memory());
    this.features = test.gather(start.rows(), arena);
    Tensor exact = arena.allocate(DType.F64, features.shape());
    exact.copyFrom(features);
    this.kernel = arena.allocate(DType.F64, rank, rank);
    backend.gemm(N, T, exact, exact, kernel);
  }

  /** F [R, D], of the test set's type. */
  Tensor features() {
    return features;
  }

  /** Length of the gradient at the start. */
  double slope() {
    return length(gradient(start.values()));
  }

  private double[][] gradient(double[][] embeddings) {
    LowRankGradient gradient =
        TestSet.gradient(measurement, new Embedded(width, start.rows(), embeddings));
    return gradient.coefficients();
  }

  private double value(double[][] embeddings) {
    return measurement.value(new Embedded(width, start.rows(), embeddings));
  }

  /** K a: how embeddings move, and one factor of inner products. */
  private double[][] moved(double[][] a) {
    scratch.reset();
    double[] flatA = Arrays.stream(a).flatMapToDouble(Arrays::stream).toArray();
    Tensor product = scratch.allocate(DType.F64, rank, width);
    backend.gemm(N, N, kernel, scratch.of(flatA, rank, width), product);
    double[] flat = product.toDoubles();
    double[][] rows = new double[rank][];
    Arrays.setAll(rows, r -> Arrays.copyOfRange(flat, r * width, (r + 1) * width));
    return rows;
  }

  private static double inner(double[][] a, double[][] b) {
    double sum = 0;
    for (int r = 0; r < a.length; r++) {
      for (int k = 0; k < a[r].length; k++) {
        sum += a[r][k] * b[r][k];
      }
    }
    return sum;
  }

  private static void add(double scale, double[][] x, double[][] sum) {
    for (int r = 0; r < x.length; r++) {
      UnitRows.addTo(sum[r], scale, x[r]);
    }
  }

  /** Steps of eta gradients, uphill for a sign of 1 and downhill for -1. */
  Walk along(double sign, EifOptions options) {
    return walk(sign, options, List.of());
  }

  /** What is left of a displacement beside some orthonormal ones; returns its length. */
  private double project(double[][] a, List<double[][]> basis) {
    for (double[][] direction : basis) {
      add(-inner(direction, moved(a)), direction, a);
    }
    return length(a);
  }

  private double length(double[][] a) {
    return Math.sqrt(Math.max(0, inner(a, moved(a))));
  }

  /** Orthonormal displacements that span those of the walks, by Gram and Schmidt, twice. */
  private List<double[][]> basis(List<Walk> walks) {
    List<double[][]> basis = new ArrayList<>();
    for (Walk walk : walks) {
      double[][] a = copy(walk.displacement);
      project(a, basis);
      double left = project(a, basis);
      if (left > NOTHING * walk.length) {
        double[][] unit = new double[rank][width];
        add(1 / left, a, unit);
        basis.add(unit);
      }
    }
    return basis;
  }

  /**
   * Uphill within the orthogonal complement of earlier displacements, with steps as long as the
   * whole gradient's would be; null if nothing of the gradient is left there.
   */
  Walk beside(List<Walk> earlier, EifOptions options) {
    return walk(1, options, basis(earlier));
  }

  /** Straight to the mean of two ends. */
  Walk between(Walk one, Walk other) {
    double[][] a = new double[rank][width];
    add(0.5, one.displacement, a);
    add(0.5, other.displacement, a);
    double[][] ka = moved(a);
    double[][] z = copy(start.values());
    add(1, ka, z);
    return new Walk(
        a,
        length(a),
        value(z) - value(start.values()),
        inner(gradient(start.values()), ka),
        one.steps + other.steps);
  }

  private Walk walk(double sign, EifOptions options, List<double[][]> forbidden) {
    double[][] z = copy(start.values());
    double[][] a = new double[rank][width];
    double[][] first = gradient(z);
    double before = value(z);
    double now = before;
    int steps = 0;
    while (steps < options.steps() && Math.abs(now - before) < options.threshold()) {
      double[][] step = gradient(z);
      double[][] move = moved(step);
      double rate = options.rate();
      if (!forbidden.isEmpty()) {
        double whole = Math.sqrt(inner(step, move));
        double left = project(step, forbidden);
        if (!(left > NOTHING * whole)) {
          return null;
        }
        rate *= whole / left;
        move = moved(step);
      }
      add(sign * rate, step, a);
      add(sign * rate, move, z);
      now = value(z);
      steps++;
    }
    return new Walk(a, length(a), now - before, inner(first, moved(a)), steps);
  }

  private static double[][] copy(double[][] rows) {
    return Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new);
  }

  @Override
  public void close() {
    scratch.close();
    arena.close();
  }
}
