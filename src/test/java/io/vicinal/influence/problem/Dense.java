package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.WeightChanges;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/** A curvature matrix written out, by products with unit vectors, and plain dense algebra. */
public final class Dense {
  private Dense() {}

  /** M, row by row, at a point in double precision. */
  public static double[][] matrix(CurvaturePoint point, CurvatureKind kind, WeightChanges changes) {
    ParameterSpace space = point.space();
    int p = (int) space.dimension();
    double[][] rows = new double[p][];
    int batch = changes == null ? 32 : 1;
    for (int from = 0; from < p; from += batch) {
      int m = Math.min(batch, p - from);
      try (Arena arena = Arena.host()) {
        double[][] units = new double[m][p];
        for (int q = 0; q < m; q++) {
          units[q][from + q] = 1;
        }
        Directions direction = space.zeros(arena, m);
        set(direction, units);
        Directions out = space.zeros(arena, m);
        point.curvature().products(kind, direction, changes, out);
        double[][] columns = get(out);
        System.arraycopy(columns, 0, rows, from, m);
      }
    }
    return rows;
  }

  public static void set(Directions block, double[][] vectors) {
    fill(block.weight(), vectors, 0);
    if (block.proxies() != null) {
      fill(block.proxies(), vectors, (int) (block.weight().size() / vectors.length));
    }
  }

  private static void fill(Tensor part, double[][] vectors, int from) {
    int size = (int) (part.size() / vectors.length);
    double[] flat = new double[(int) part.size()];
    for (int q = 0; q < vectors.length; q++) {
      System.arraycopy(vectors[q], from, flat, q * size, size);
    }
    part.set(flat);
  }

  public static double[][] get(Directions block) {
    int m = (int) ParameterSpace.count(block);
    double[] weight = block.weight().toDoubles();
    double[] proxies = block.proxies() == null ? new double[0] : block.proxies().toDoubles();
    int w = weight.length / m;
    int c = proxies.length / m;
    double[][] vectors = new double[m][w + c];
    for (int q = 0; q < m; q++) {
      System.arraycopy(weight, q * w, vectors[q], 0, w);
      System.arraycopy(proxies, q * c, vectors[q], w, c);
    }
    return vectors;
  }

  /** Eigenvalues, ascending. */
  public static double[] eigenvalues(Backend backend, double[][] m) {
    int n = m.length;
    double[] flat = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        flat[i * n + j] = 0.5 * (m[i][j] + m[j][i]);
      }
    }
    try (Arena arena = Arena.host()) {
      Tensor values = arena.allocate(DType.F64, n);
      backend.symmetricEigen(arena.of(flat, n, n), values);
      return values.toDoubles();
    }
  }

  /** (M + lambda)^-1 b by elimination with row exchanges. */
  public static double[] solve(double[][] m, double lambda, double[] b) {
    int n = b.length;
    double[][] a = new double[n][];
    for (int i = 0; i < n; i++) {
      a[i] = m[i].clone();
      a[i][i] += lambda;
    }
    double[] x = b.clone();
    for (int k = 0; k < n; k++) {
      int best = k;
      for (int i = k + 1; i < n; i++) {
        best = Math.abs(a[i][k]) > Math.abs(a[best][k]) ? i : best;
      }
      double[] row = a[k];
      a[k] = a[best];
      a[best] = row;
      double value = x[k];
      x[k] = x[best];
      x[best] = value;
      for (int i = k + 1; i < n; i++) {
        double factor = a[i][k] / a[k][k];
        if (factor != 0) {
          for (int j = k; j < n; j++) {
            a[i][j] -= factor * a[k][j];
          }
          x[i] -= factor * x[k];
        }
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int j = i + 1; j < n; j++) {
        x[i] -= a[i][j] * x[j];
      }
      x[i] /= a[i][i];
    }
    return x;
  }

  /** |b - (M + lambda) x| / |b|. */
  public static double residual(double[][] m, double lambda, double[] x, double[] b) {
    double sum = 0;
    for (int i = 0; i < b.length; i++) {
      double row = b[i] - lambda * x[i];
      for (int j = 0; j < b.length; j++) {
        row -= m[i][j] * x[j];
      }
      sum += row * row;
    }
    return Math.sqrt(sum) / norm(b);
  }

  public static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  public static double norm(double[] v) {
    return Math.sqrt(dot(v, v));
  }

  /** |a - b| / |b|. */
  public static double distance(double[] a, double[] b) {
    double[] difference = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return norm(difference) / norm(b);
  }

  /** a . b / (|a| |b|). */
  public static double cosine(double[] a, double[] b) {
    return dot(a, b) / norm(a) / norm(b);
  }
}
