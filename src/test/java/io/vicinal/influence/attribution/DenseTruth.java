package io.vicinal.influence.attribution;

import io.vicinal.influence.problem.Dense;
import java.util.Arrays;
import java.util.function.Function;

/**
 * A cosine softmax head in naive doubles, every matrix written out: what estimators are compared
 * with. Parameters are one vector, weight [d, D], bias [d], proxies [C, d]; {@code analysed} are
 * those that may move. Hessians are central differences of gradients, Gauss-Newton matrices come
 * from differences of logits, so that nothing here knows the product's closed forms.
 */
final class DenseTruth {
  final int n;
  final int features;
  final int width;
  final int classes;
  final double scale;
  final double[] x;
  final long[] y;
  final double[] weights;
  final int[] analysed;

  DenseTruth(
      double scale,
      int classes,
      int width,
      double[] x,
      long[] y,
      double[] weights,
      int[] analysed) {
    this.scale = scale;
    this.classes = classes;
    this.width = width;
    this.n = y.length;
    this.features = x.length / n;
    this.x = x;
    this.y = y;
    this.weights = weights;
    this.analysed = analysed;
  }

  int size() {
    return width * features + width + classes * width;
  }

  double[] embedding(double[] theta, double[] rows, int i) {
    double[] z = new double[width];
    for (int a = 0; a < width; a++) {
      z[a] = theta[width * features + a];
      for (int b = 0; b < features; b++) {
        z[a] += theta[a * features + b] * rows[i * features + b];
      }
    }
    return z;
  }

  private double[] proxy(double[] theta, int c) {
    int from = width * features + width + c * width;
    return Arrays.copyOfRange(theta, from, from + width);
  }

  double[] logits(double[] theta, int i) {
    double[] z = embedding(theta, x, i);
    double[] logits = new double[classes];
    for (int c = 0; c < classes; c++) {
      double[] p = proxy(theta, c);
      logits[c] = scale * Dense.dot(z, p) / Math.sqrt(Dense.dot(z, z) * Dense.dot(p, p));
    }
    return logits;
  }

  double[] softmax(double[] logits) {
    double largest = Arrays.stream(logits).max().orElseThrow();
    double[] q = Arrays.stream(logits).map(l -> Math.exp(l - largest)).toArray();
    double sum = Arrays.stream(q).sum();
    return Arrays.stream(q).map(v -> v / sum).toArray();
  }

  double loss(double[] theta, int i, long label) {
    return -Math.log(softmax(logits(theta, i))[(int) label]);
  }

  /** dL_i/dtheta for a label, all parameters: chain rule through quotient norms. */
  double[] gradient(double[] theta, int i, long label) {
    double[] q = softmax(logits(theta, i));
    double[] z = embedding(theta, x, i);
    double nz = Math.sqrt(Dense.dot(z, z));
    double[] gradient = new double[size()];
    double[] byZ = new double[width];
    for (int c = 0; c < classes; c++) {
      double e = scale * (q[c] - (c == label ? 1 : 0));
      double[] p = proxy(theta, c);
      double np = Math.sqrt(Dense.dot(p, p));
      double cos = Dense.dot(z, p) / (nz * np);
      for (int a = 0; a < width; a++) {
        byZ[a] += e * (p[a] / (nz * np) - cos * z[a] / (nz * nz));
        gradient[width * features + width + c * width + a] +=
            e * (z[a] / (nz * np) - cos * p[a] / (np * np));
      }
    }
    for (int a = 0; a < width; a++) {
      gradient[width * features + a] = byZ[a];
      for (int b = 0; b < features; b++) {
        gradient[a * features + b] = byZ[a] * x[i * features + b];
      }
    }
    return gradient;
  }

  /** (1/N) sum w_i dL_i, the samples' weights given. */
  double[] gradient(double[] theta, double[] w) {
    double[] sum = new double[size()];
    for (int i = 0; i < n; i++) {
      addTo(sum, w[i] / n, gradient(theta, i, y[i]));
    }
    return sum;
  }

  double[] pick(double[] full) {
    return Arrays.stream(analysed).mapToDouble(k -> full[k]).toArray();
  }

  /** theta + step on the analysed parameters. */
  double[] moved(double[] theta, double[] step) {
    double[] result = theta.clone();
    for (int k = 0; k < analysed.length; k++) {
      result[analysed[k]] += step[k];
    }
    return result;
  }

  /** Five-point differences of a vector function of the analysed parameters: one row each. */
  double[][] differences(double[] theta, Function<double[], double[]> f) {
    double h = 4e-4;
    double[][] rows = new double[analysed.length][];
    for (int k = 0; k < analysed.length; k++) {
      double[][] at = new double[4][];
      double[] steps = {h, 2 * h, -h, -2 * h};
      for (int s = 0; s < 4; s++) {
        double[] step = new double[analysed.length];
        step[k] = steps[s];
        at[s] = f.apply(moved(theta, step));
      }
      rows[k] = new double[at[0].length];
      for (int j = 0; j < rows[k].length; j++) {
        rows[k][j] = (8 * (at[0][j] - at[2][j]) - (at[1][j] - at[3][j])) / (12 * h);
      }
    }
    return rows;
  }

  double[][] hessian(double[] theta, double[] w) {
    return differences(theta, t -> pick(gradient(t, w)));
  }

  double[][] gaussNewton(double[] theta) {
    double[][] sum = new double[analysed.length][analysed.length];
    for (int i = 0; i < n; i++) {
      int sample = i;
      double[][] j = differences(theta, t -> logits(t, sample));
      double[] q = softmax(logits(theta, i));
      for (int a = 0; a < sum.length; a++) {
        for (int b = 0; b < sum.length; b++) {
          double mean = Dense.dot(j[a], q) * Dense.dot(j[b], q);
          double second = 0;
          for (int c = 0; c < classes; c++) {
            second += q[c] * j[a][c] * j[b][c];
          }
          sum[a][b] += weights[i] / n * (second - mean);
        }
      }
    }
    return sum;
  }

  /** Minimum of (1/N) sum w_i L_i + (lambda/2)|theta - ref|^2 by Newton's method from a start. */
  double[] minimum(double[] reference, double[] start, double[] w, double lambda) {
    double[] theta = start;
    for (int step = 0; step < 60; step++) {
      double[] g = pick(gradient(theta, w));
      for (int k = 0; k < g.length; k++) {
        g[k] += lambda * (theta[analysed[k]] - reference[analysed[k]]);
      }
      double[] s = Dense.solve(damped(hessian(theta, w), lambda), 0, g);
      theta = moved(theta, Arrays.stream(s).map(v -> -v).toArray());
      if (Math.sqrt(Dense.dot(g, g)) < 1e-13) {
        return theta;
      }
    }
    throw new IllegalStateException("the oracle did not converge");
  }

  static double[][] damped(double[][] matrix, double lambda) {
    double[][] result = new double[matrix.length][];
    for (int k = 0; k < matrix.length; k++) {
      result[k] = matrix[k].clone();
      result[k][k] += lambda;
    }
    return result;
  }

  static void addTo(double[] sum, double factor, double[] v) {
    for (int k = 0; k < v.length; k++) {
      sum[k] += factor * v[k];
    }
  }
}
