package io.vicinal.curate.noise;

import java.util.Arrays;
import java.util.function.Function;

/**
 * Turns held-out scores into probabilities of the <em>right</em> label. With score tables f_1, f_2,
 * ... (each [N, C]):
 *
 * <pre>
 *   p(c | x)       = softmax_c(a_1 f_1(x, c) + a_2 f_2(x, c) + ...)
 *   P(given y | x) = (1 - e) p(y | x) + e / (C - 1) (1 - p(y | x))
 * </pre>
 *
 * The inverse temperatures a and the noise rate e maximise the likelihood of the given labels. A
 * sample's scores must come from a model that did not see its label, or p would follow the label.
 * Without e, a temperature has to explain confident contradictions by distrusting everything; with
 * it, they are what they are. Noise that prefers some classes looks like overlap to this formula;
 * once {@link ClassNoise} knows it, {@link #behind} finds the temperatures again with
 *
 * <pre>
 *   P(given y | x) = sum over c of p(c | x) T(c, y)
 * </pre>
 *
 * <p>Maximised by scoring steps with the outer product of the samples' gradients (Berndt, Hall,
 * Hall and Hausman, 1974), halved until the likelihood grows. Deterministic. Immutable.
 *
 * @param scales a, one per table
 * @param logLikelihood mean over the samples that are not the only ones of their class, at {@code
 *     scales}
 */
record Calibration(double[] scales, double logLikelihood) {
  private static final int STEPS = 60;
  private static final double ENOUGH = 1e-9; // gain of mean log-likelihood

  /**
   * With a noise rate that is fitted, too.
   *
   * @param labels the given ones; a sample that is the only one of its class is left out: scores
   *     that did not see its label cannot know the class
   * @param tables of scores
   */
  static Calibration fit(long[] labels, int classes, double[][]... tables) {
    int m = tables.length;
    double[] at = new double[m + 1]; // scales, then the logit of the noise rate
    for (int t = 0; t < m; t++) {
      at[t] = 1 / Math.max(1e-9, spread(tables[t]));
    }
    at[m] = logit(0.05);
    return maximise(at, to -> new Likelihood(labels, classes, tables, to, null));
  }

  /** The same tables' temperatures behind noise that is known. */
  Calibration behind(ClassNoise noise, long[] labels, double[][]... tables) {
    int classes = tables[0][0].length;
    return maximise(
        Arrays.copyOf(scales, scales.length + 1),
        to -> new Likelihood(labels, classes, tables, to, noise));
  }

  private static Calibration maximise(double[] start, Function<double[], Likelihood> likelihood) {
    int m = start.length - 1;
    double[] at = start;
    Likelihood best = likelihood.apply(at);
    boolean joint = start.length == best.gradient.length;
    for (int step = 0; step < STEPS; step++) {
      double[] direction = solve(best.outer, best.gradient);
      Step next = search(at, direction, best.value, likelihood);
      if (next == null && joint) { // clean labels do not tell e, and throw the step to its bound
        double[][] scales =
            Arrays.stream(best.outer, 0, m)
                .map(row -> Arrays.copyOf(row, m))
                .toArray(double[][]::new);
        next = search(at, solve(scales, Arrays.copyOf(best.gradient, m)), best.value, likelihood);
      }
      if (next == null) {
        break;
      }
      double gain = next.likelihood.value - best.value;
      at = next.at;
      best = next.likelihood;
      if (gain < ENOUGH) {
        break;
      }
    }
    return new Calibration(Arrays.copyOf(at, m), best.value);
  }

  private record Step(double[] at, Likelihood likelihood) {}

  /** The longest of some steps that gains; null if none does. */
  private static Step search(
      double[] at, double[] direction, double value, Function<double[], Likelihood> likelihood) {
    int m = at.length - 1;
    for (double length = 1; length > 1e-4; length /= 2) {
      double[] to = at.clone();
      for (int k = 0; k < direction.length; k++) {
        to[k] += length * direction[k];
      }
      to[m] = Math.max(-12, Math.min(0, to[m])); // a rate of at most a half
      Likelihood tried = likelihood.apply(to);
      if (tried.value > value) {
        return new Step(to, tried);
      }
    }
    return null;
  }

  /** p(c | x) from a sample's rows of the tables. */
  double[] probabilities(double[]... rows) {
    return softmax(scales, rows);
  }

  private static double spread(double[][] table) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (double[] row : table) {
      for (double value : row) {
        sum += value;
        squares += value * value;
        count++;
      }
    }
    return Math.sqrt(Math.max(0, squares / count - sum / count * sum / count));
  }

  private static double logit(double x) {
    return Math.log(x / (1 - x));
  }

  private static double logistic(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] softmax(double[] scales, double[][] rows) {
    double[] p = new double[rows[0].length];
    double most = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < p.length; c++) {
      for (int t = 0; t < rows.length; t++) {
        p[c] += scales[t] * rows[t][c];
      }
      most = Math.max(most, p[c]);
    }
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      p[c] = Math.exp(p[c] - most);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
    return p;
  }

  /** Mean log-likelihood with its gradient and the outer product of the samples' gradients. */
  private static final class Likelihood {
    double value;
    final double[] gradient;
    final double[][] outer;

    /**
     * @param at scales, then the logit of e
     * @param noise in place of e, which then has no gradient; or null
     */
    Likelihood(long[] labels, int classes, double[][][] tables, double[] at, ClassNoise noise) {
      int m = tables.length;
      int unknowns = noise == null ? m + 1 : m;
      gradient = new double[unknowns];
      outer = new double[unknowns][unknowns];
      double[] scales = Arrays.copyOf(at, m);
      double e = logistic(at[m]);
      double other = 1.0 / Math.max(1, classes - 1);
      double[][] rows = new double[m][];
      double[] own = new double[unknowns];
      double[] posterior = new double[classes];
      int[] sizes = Classes.sizes(labels, classes);
      long count = 0;
      for (int i = 0; i < labels.length; i++) {
        for (int t = 0; t < m; t++) {
          rows[t] = tables[t][i];
        }
        int y = (int) labels[i];
        if (sizes[y] == 1) {
          continue;
        }
        double[] p = softmax(scales, rows);
        if (noise == null) {
          double q = Math.max(1e-300, (1 - e) * p[y] + e * other * (1 - p[y]));
          double slope = (1 - e - e * other) * p[y] / q;
          for (int t = 0; t < m; t++) {
            own[t] = slope * (rows[t][y] - dot(p, rows[t]));
          }
          own[m] = (other * (1 - p[y]) - p[y]) / q * e * (1 - e);
          value += Math.log(q);
        } else {
          value += Math.log(noise.posterior(p, y, posterior));
          for (int t = 0; t < m; t++) {
            own[t] = dot(posterior, rows[t]) - dot(p, rows[t]);
          }
        }
        count++;
        for (int a = 0; a < unknowns; a++) {
          gradient[a] += own[a];
          for (int b = 0; b < unknowns; b++) {
            outer[a][b] += own[a] * own[b];
          }
        }
      }
      value = count == 0 ? 0 : value / count;
    }

    private static double dot(double[] p, double[] scores) {
      double sum = 0;
      for (int c = 0; c < p.length; c++) {
        sum += p[c] * scores[c];
      }
      return sum;
    }
  }

  /** Gaussian elimination with a small ridge; at most four unknowns. */
  private static double[] solve(double[][] matrix, double[] rhs) {
    int n = rhs.length;
    double[][] a = new double[n][];
    double[] b = rhs.clone();
    for (int i = 0; i < n; i++) {
      a[i] = matrix[i].clone();
      a[i][i] += 1e-9 + 1e-9 * a[i][i];
    }
    for (int k = 0; k < n; k++) { // positive definite: no pivots needed
      for (int i = k + 1; i < n; i++) {
        double factor = a[i][k] / a[k][k];
        for (int j = k; j < n; j++) {
          a[i][j] -= factor * a[k][j];
        }
        b[i] -= factor * b[k];
      }
    }
    for (int i = n - 1; i >= 0; i--) {
      for (int j = i + 1; j < n; j++) {
        b[i] -= a[i][j] * b[j];
      }
      b[i] /= a[i][i];
    }
    return b;
  }
}
