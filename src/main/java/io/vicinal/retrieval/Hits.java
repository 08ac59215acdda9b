package io.vicinal.retrieval;

/**
 * What a {@link VectorIndex} found: for each query up to k rows, best first. Row-major: hit j of
 * query q is at {@code q * k + j}. The arrays are not copied: treat them as read-only.
 *
 * <p>Immutable as long as nobody writes to its arrays; safe to share between threads then.
 *
 * @param queries how many queries there were
 * @param k hits per query at most: what was asked for, or the index's size if that is smaller
 * @param ids [queries, k]; -1 from {@link #count} on, where an approximate index found fewer
 * @param scores [queries, k] squared Euclidean distances (smallest first), inner products or
 *     cosines (largest first); NaN beside id -1
 */
public record Hits(int queries, int k, long[] ids, float[] scores) {
  /** Id of hit {@code j} (0 = best) of query {@code q}. */
  public long id(int q, int j) {
    return ids[at(q, j)];
  }

  /** Score of hit {@code j} of query {@code q}. */
  public float score(int q, int j) {
    return scores[at(q, j)];
  }

  /** How many hits query {@code q} has. */
  public int count(int q) {
    int count = 0;
    while (count < k && ids[at(q, count)] >= 0) {
      count++;
    }
    return count;
  }

  private int at(int q, int j) {
    if (q < 0 || q >= queries || j < 0 || j >= k) {
      throw new IndexOutOfBoundsException(
          "hit " + j + " of query " + q + " where there are " + queries + " x " + k);
    }
    return q * k + j;
  }
}
