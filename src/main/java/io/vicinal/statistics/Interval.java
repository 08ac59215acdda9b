package io.vicinal.statistics;

/**
 * An estimate with its confidence interval. Immutable.
 *
 * @param estimate of the sample itself
 * @param low lower end
 * @param high upper end
 * @param level such as 0.95
 */
public record Interval(double estimate, double low, double high, double level) {}
