package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * A mean of the eigenvalues of a curvature matrix, the unit of damping. A value.
 *
 * @param kind of mean
 * @param value above 0, or NaN where the matrix has no curvature at all
 * @param error standard error, relative; 0 where the trace is known
 */
record MeanEigenvalue(DampingUnit kind, double value, double error) {
  private static final int PROBES = 32;
  private static final int BLOCK = 8;

  /** A trace that is known, over the number of parameters. */
  static MeanEigenvalue exact(double value) {
    return new MeanEigenvalue(DampingUnit.MEAN, value, 0);
  }

  /**
   * The quadratic mean of the Hessian's eigenvalues by the weight, |H|_F / sqrt(n), from products
   * alone: the mean of |Hz|^2 / |z|^2 over directions z of random signs has the expectation tr(H^2)
   * / n (Hutchinson, Commun. Stat. Simul. Comput. 19, 1990). The plain mean will not do: without a
   * Gauss-Newton matrix curvature below 0 cancels that above. Always the same directions.
   */
  static MeanEigenvalue estimated(Backend backend, Backend.Curvature curvature, HeadTensors head) {
    DType dtype = head.weight().dtype();
    long rows = head.weight().dim(0);
    long columns = head.weight().dim(1);
    double[] squares = new double[PROBES];
    Xoshiro random = Xoshiro.of(0, "trace");
    try (Arena scratch = new Arena(backend.memory())) {
      Tensor z = scratch.allocate(dtype, BLOCK, rows, columns);
      Tensor hz = scratch.allocate(dtype, BLOCK, rows, columns);
      double[] signs = new double[Math.toIntExact(z.size())];
      for (int from = 0; from < PROBES; from += BLOCK) {
        Arrays.setAll(signs, i -> random.nextLong() < 0 ? -1 : 1);
        z.set(signs);
        curvature.products(
            CurvatureKind.HESSIAN, new Directions(z, null), null, new Directions(hz, null));
        double[] norms = backend.dots(hz, hz);
        for (int q = 0; q < BLOCK; q++) {
          squares[from + q] = norms[q] / (rows * columns);
        }
      }
    }
    double mean = Arrays.stream(squares).average().orElseThrow();
    double scatter = Arrays.stream(squares).map(s -> (s - mean) * (s - mean)).sum();
    double error = Math.sqrt(scatter / (PROBES - 1) / PROBES) / mean;
    return mean > 0
        ? new MeanEigenvalue(DampingUnit.QUADRATIC_MEAN, Math.sqrt(mean), error / 2)
        : new MeanEigenvalue(DampingUnit.QUADRATIC_MEAN, Double.NaN, 0);
  }
}
