package io.vicinal.curate.noise;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * Factor L of a symmetric positive definite matrix A = L L', in double precision, by blocks of
 * columns: the trailing update, which is nearly all of the work, is the backend's matrix product.
 * Immutable once made.
 */
final class Cholesky {
  private static final int BLOCK = 96;

  private final int n;
  private final double[] l; // [n, n] row-major, lower triangle

  /**
   * @param a [n, n] row-major, its lower triangle is overwritten and kept
   */
  Cholesky(Backend backend, double[] a, int n) {
    this.n = n;
    this.l = a;
    for (int from = 0; from < n; from += BLOCK) {
      int to = Math.min(from + BLOCK, n);
      panel(from, to);
      if (to < n) {
        trail(backend, from, to);
      }
    }
  }

  /** Columns from..to: the diagonal block's own factor, and the rows below it. */
  private void panel(int from, int to) {
    for (int i = from; i < n; i++) {
      for (int j = from; j < Math.min(to, i + 1); j++) {
        double sum = l[i * n + j];
        for (int k = from; k < j; k++) {
          sum -= l[i * n + k] * l[j * n + k];
        }
        if (i == j) {
          if (!(sum > 0)) {
            throw new ArithmeticException("matrix is not positive definite at row " + i);
          }
          l[i * n + i] = Math.sqrt(sum);
        } else {
          l[i * n + j] = sum / l[j * n + j];
        }
      }
    }
  }

  /** What is right of and below the block loses the block's product. */
  private void trail(Backend backend, int from, int to) {
    int rows = n - to;
    int width = to - from;
    try (Arena arena = new Arena(backend.memory())) {
      Tensor below = arena.allocate(DType.F64, rows, width);
      double[] values = new double[rows * width];
      for (int i = 0; i < rows; i++) {
        System.arraycopy(l, (to + i) * n + from, values, i * width, width);
      }
      below.set(values);
      Tensor product = arena.allocate(DType.F64, rows, rows);
      backend.gemm(N, T, below, below, product);
      for (int i = 0; i < rows; i++) {
        double[] row = product.rows(i, i + 1).toDoubles();
        for (int j = 0; j <= i; j++) {
          l[(to + i) * n + to + j] -= row[j];
        }
      }
    }
  }

  /**
   * Solves A X = B in place.
   *
   * @param b [n, m] row-major
   */
  void solve(double[] b, int m) {
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < i; k++) {
        addRow(b, m, i, k, -l[i * n + k]);
      }
      scaleRow(b, m, i, 1 / l[i * n + i]);
    }
    for (int i = n - 1; i >= 0; i--) {
      scaleRow(b, m, i, 1 / l[i * n + i]);
      for (int k = 0; k < i; k++) {
        addRow(b, m, k, i, -l[i * n + k]);
      }
    }
  }

  private static void addRow(double[] b, int m, int to, int from, double factor) {
    for (int c = 0; c < m; c++) {
      b[to * m + c] += factor * b[from * m + c];
    }
  }

  private static void scaleRow(double[] b, int m, int row, double factor) {
    for (int c = 0; c < m; c++) {
      b[row * m + c] *= factor;
    }
  }
}
