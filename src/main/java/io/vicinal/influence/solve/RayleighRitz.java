package io.vicinal.influence.solve;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * Eigenpairs of a small symmetric pencil A y = theta B y, with B positive semidefinite: A and B are
 * the Gram matrices of two operators on a few vectors, and y are coefficients of those vectors.
 * Directions where B vanishes (vectors that depend on others) are left out. Immutable.
 *
 * @param values theta, ascending
 * @param vectors one y per value, with y'By = 1
 */
record RayleighRitz(double[] values, double[][] vectors) {

  /**
   * @param a [k, k] row by row; its symmetric part counts
   * @param b the same
   * @param cutoff eigenvalues of B, scaled to a diagonal of ones, at or below this are left out
   */
  static RayleighRitz of(Backend backend, double[][] a, double[][] b, double cutoff) {
    int k = a.length;
    double[][] scaled = new double[k][k];
    double[] scale = new double[k];
    for (int i = 0; i < k; i++) {
      scale[i] = b[i][i] > 0 ? 1 / Math.sqrt(b[i][i]) : 0;
    }
    for (int i = 0; i < k; i++) {
      for (int j = 0; j < k; j++) {
        scaled[i][j] = scale[i] * scale[j] * 0.5 * (b[i][j] + b[j][i]);
      }
    }
    Eigen metric = Eigen.of(backend, scaled);
    int from = 0;
    while (from < k && !(metric.values[from] > cutoff)) {
      from++;
    }
    double[][] whitening = new double[k - from][k];
    for (int r = 0; r < k - from; r++) {
      double root = Math.sqrt(metric.values[from + r]);
      for (int i = 0; i < k; i++) {
        whitening[r][i] = metric.vectors[from + r][i] * scale[i] / root;
      }
    }
    Eigen pairs = Eigen.of(backend, project(a, whitening));
    double[][] vectors = new double[k - from][k];
    for (int r = 0; r < vectors.length; r++) {
      for (int s = 0; s < vectors.length; s++) {
        for (int i = 0; i < k; i++) {
          vectors[r][i] += pairs.vectors[r][s] * whitening[s][i];
        }
      }
    }
    return new RayleighRitz(pairs.values, vectors);
  }

  /** T A T' for the rows of T. */
  private static double[][] project(double[][] a, double[][] t) {
    int k = a.length;
    double[][] out = new double[t.length][t.length];
    for (int r = 0; r < t.length; r++) {
      double[] row = new double[k];
      for (int i = 0; i < k; i++) {
        for (int j = 0; j < k; j++) {
          row[j] += t[r][i] * 0.5 * (a[i][j] + a[j][i]);
        }
      }
      for (int s = 0; s < t.length; s++) {
        for (int j = 0; j < k; j++) {
          out[r][s] += row[j] * t[s][j];
        }
      }
    }
    return out;
  }

  /** Eigenvectors are rows. */
  private record Eigen(double[] values, double[][] vectors) {
    static Eigen of(Backend backend, double[][] matrix) {
      int n = matrix.length;
      if (n == 0) {
        return new Eigen(new double[0], new double[0][]);
      }
      double[] flat = new double[n * n];
      for (int i = 0; i < n; i++) {
        System.arraycopy(matrix[i], 0, flat, i * n, n);
      }
      try (Arena arena = new Arena(backend.memory())) {
        Tensor tensor = arena.of(flat, n, n);
        Tensor values = arena.allocate(DType.F64, n);
        backend.symmetricEigen(tensor, values);
        flat = tensor.toDoubles();
        double[][] vectors = new double[n][n];
        for (int i = 0; i < n; i++) {
          System.arraycopy(flat, i * n, vectors[i], 0, n);
        }
        return new Eigen(values.toDoubles(), vectors);
      }
    }
  }
}
