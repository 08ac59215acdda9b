package io.vicinal.influence.query;

/**
 * A test row and its nearest neighbour. A value, safe for any thread.
 *
 * @param i the row that asks
 * @param j its nearest neighbour
 */
public record Pair(long i, long j) {}
