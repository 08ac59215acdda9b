package io.vicinal.data;

import io.vicinal.tensor.Tensor;

/**
 * Which samples have the features of another one. Rows are equal where all their numbers are: 0
 * equals -0, float32 1 equals float64 1; NaN is refused before anything is compared. Rows are known
 * by hashes of 64 bits, with which two of a million rows are taken for equal once in 37 million
 * data sets.
 *
 * <p>Time is linear in the rows, memory 16 to 32 bytes a row. For one thread.
 */
public final class EqualRows {
  private static final int PIECE = 1 << 20; // numbers that are read at a time
  private static final long ODD = 0x9e3779b97f4a7c15L; // 2^64 over the golden ratio

  private final long[] hashes; // open addressing; 0: a free place
  private final int[] labels; // of the first of equal rows
  private long distinct;
  private long copies;
  private long contradicting;

  /** Receives rows in their order. */
  public interface RowVisitor {
    /**
     * @param at its number
     * @param hash of its values, never 0
     * @param zero whether all of them are 0
     */
    void take(long at, long hash, boolean zero);
  }

  /**
   * @param most rows that will be added
   */
  public EqualRows(int most) {
    int places = 2;
    while (3L * places < 4L * most) { // one place in four stays free, at least one
      places *= 2;
    }
    hashes = new long[places];
    labels = new int[places];
  }

  /** The rows of a data set with labels 0..C-1. */
  public static EqualRows of(Tensor features, long[] labels) {
    EqualRows rows = new EqualRows(labels.length);
    each(features, (at, hash, zero) -> rows.add(hash, (int) labels[(int) at]));
    return rows;
  }

  /** Hashes every row of [N, D] numbers of four or eight bytes. */
  public static void each(Tensor features, RowVisitor row) {
    long count = features.dim(0);
    int width = Math.toIntExact(features.dim(1));
    long step = Math.max(1, PIECE / width);
    for (long from = 0; from < count; from += step) {
      long until = Math.min(count, from + step);
      double[] piece = features.rows(from, until).toDoubles();
      for (int i = 0; i < until - from; i++) {
        long hash = 0;
        boolean zero = true;
        for (int j = i * width; j < (i + 1) * width; j++) {
          double x = piece[j] + 0.0; // -0 + 0 is 0
          zero &= x == 0;
          hash = Long.rotateLeft((hash ^ Double.doubleToLongBits(x)) * ODD, 29);
        }
        long mixed = mixed(hash);
        row.take(from + i, mixed == 0 ? 1 : mixed, zero);
      }
    }
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), a bijection. */
  private static long mixed(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /**
   * Adds a row.
   *
   * @param hash as by {@link #each}
   */
  public void add(long hash, int label) {
    int at = place(hash);
    if (hashes[at] == 0) {
      hashes[at] = hash;
      labels[at] = label;
      distinct++;
      return;
    }
    copies++;
    contradicting += labels[at] == label ? 0 : 1;
  }

  /** Whether a row of this hash was added. */
  public boolean contains(long hash) {
    return hashes[place(hash)] != 0;
  }

  private int place(long hash) {
    int at = (int) hash & (hashes.length - 1);
    while (hashes[at] != 0 && hashes[at] != hash) {
      at = (at + 1) & (hashes.length - 1);
    }
    return at;
  }

  /** How many different rows were added. */
  public long distinct() {
    return distinct;
  }

  /** How many rows equal an earlier one. */
  public long copies() {
    return copies;
  }

  /**
   * How many rows have another label than the first of those that they equal: of A, B, B the last
   * two, of A, B, A the second.
   */
  public long contradicting() {
    return contradicting;
  }
}
