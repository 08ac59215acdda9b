package io.vicinal.program;

/**
 * A batch of which each channel has mean 0 and variance 1, then its own scale and shift.
 *
 * @param value of the sizes of what was normalised
 * @param mean of the batch, [channels]
 * @param variance of the batch, [channels]: over its number of entries n, not n - 1
 */
public record NormalisedBatch(Expr value, Expr mean, Expr variance) {}
