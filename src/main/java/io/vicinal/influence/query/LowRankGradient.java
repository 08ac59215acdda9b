package io.vicinal.influence.query;

/**
 * A measurement's gradient with respect to a head's weight, sum over r of coefficient_r f_r' with
 * the features f of a few test rows: coefficient_r is the derivative with respect to row r's raw
 * embedding. Never written out as d x D until it must be. Immutable as long as nobody writes to its
 * arrays.
 *
 * @param rows test rows [R], ascending
 * @param coefficients [R][d]
 */
public record LowRankGradient(long[] rows, double[][] coefficients) {}
