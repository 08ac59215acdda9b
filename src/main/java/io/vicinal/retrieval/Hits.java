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

  private static final int SHOWN = 5;

  /** Of a few queries the best hits, as id and score. */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder("Hits of " + queries + (queries == 1 ? " query" : " queries"));
    for (int q = 0; q < Math.min(queries, SHOWN); q++) {
      int count = count(q);
      text.append(q == 0 ? ": " : "; ").append(q).append(" ->");
      for (int j = 0; j < Math.min(count, SHOWN); j++) {
        text.append(' ').append(id(q, j)).append(" (").append(score(q, j)).append(')');
      }
      text.append(count > SHOWN ? " ... " + count + " in all" : count == 0 ? " nothing" : "");
    }
    return text.append(queries > SHOWN ? "; ..." : "").toString();
  }

  private int at(int q, int j) {
    if (q < 0 || q >= queries || j < 0 || j >= k) {
      throw new IndexOutOfBoundsException(
          "hit " + j + " of query " + q + " where there are " + queries + " x " + k);
    }
    return q * k + j;
  }
}
