package io.vicinal.program;

/**
 * log(I / x^n) of the modified Bessel function of order n and its two derivatives, for |x| up to
 * 100. The power series says that I is a sum of weights over k, which are a distribution of k: its
 * mean and its variance give the derivatives.
 */
final class Bessel {
  private static final int TERMS = 300;

  private Bessel() {}

  static double log(double n, double x) {
    double sum = 0;
    for (double weight : weights(n, x)) {
      sum += weight;
    }
    return Math.log(sum) - n * Math.log(2) - logGamma(n + 1);
  }

  static double ratio(double n, double x) {
    return x == 0 ? 0 : 2 * mean(n, x) / x;
  }

  static double slope(double n, double x) {
    if (x == 0) {
      return 1 / (2 * (n + 1));
    }
    double mean = mean(n, x);
    double total = 0;
    double squares = 0;
    double[] weights = weights(n, x);
    for (int k = 0; k < TERMS; k++) {
      total += weights[k];
      squares += weights[k] * (k - mean) * (k - mean);
    }
    return (4 * squares / total - 2 * mean) / (x * x);
  }

  private static double mean(double n, double x) {
    double total = 0;
    double first = 0;
    double[] weights = weights(n, x);
    for (int k = 0; k < TERMS; k++) {
      total += weights[k];
      first += k * weights[k];
    }
    return first / total;
  }

  /** (x² / 4)^k / (k! (n + 1) ... (n + k)). */
  private static double[] weights(double n, double x) {
    double[] weights = new double[TERMS];
    weights[0] = 1;
    for (int k = 1; k < TERMS; k++) {
      weights[k] = weights[k - 1] * (x * x / 4) / (k * (n + k));
    }
    return weights;
  }

  /** Stirling's series, from where its fourth term is below rounding. */
  private static double logGamma(double a) {
    double before = 0;
    for (; a < 60; a++) {
      before += Math.log(a);
    }
    return (a - 0.5) * Math.log(a)
        - a
        + 0.5 * Math.log(2 * Math.PI)
        + 1 / (12 * a)
        - 1 / (360 * a * a * a)
        + 1 / (1260 * Math.pow(a, 5))
        - before;
  }
}
