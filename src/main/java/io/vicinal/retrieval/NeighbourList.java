package io.vicinal.retrieval;

/**
 * The k nearest gallery rows of each of Q queries, nearest first, equal distances by lower id.
 * Row-major: neighbour j of query q is at {@code q * k + j}. The arrays are not copied: treat them
 * as read-only.
 *
 * <p>Immutable as long as nobody writes to its arrays; safe to share between threads then.
 *
 * @param queries Q
 * @param k neighbours per query
 * @param ids gallery rows [Q, k]
 * @param distances squared Euclidean distances [Q, k], in double arithmetic
 */
public record NeighbourList(int queries, int k, long[] ids, double[] distances) {
  /** Gallery row of neighbour {@code j} (0 = nearest) of query {@code q}. */
  public long id(int q, int j) {
    return ids[q * k + j];
  }

  /** Squared Euclidean distance of neighbour {@code j} of query {@code q}. */
  public double distance(int q, int j) {
    return distances[q * k + j];
  }
}
