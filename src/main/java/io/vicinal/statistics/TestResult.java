package io.vicinal.statistics;

/**
 * Outcome of a test of paired differences. Immutable.
 *
 * @param statistic Student's t, or Wilcoxon's W+, the sum of the positive differences' ranks
 * @param pValue probability under the null hypothesis of a statistic at least as extreme
 * @param count n, the differences that were used
 * @param zeros differences of exactly 0 that were left out (Wilcoxon only)
 * @param exact whether the p-value is the null distribution's own, not an approximation
 */
public record TestResult(double statistic, double pValue, int count, int zeros, boolean exact) {}
