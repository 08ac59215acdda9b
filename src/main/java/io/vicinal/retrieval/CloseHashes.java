package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import java.util.Arrays;

/**
 * All pairs of hashes of 64 bits that differ in at most so many bits: how many there are, exactly,
 * and the closest of them, closest first, equal ones by the lower first position, then the lower
 * second. Memory is linear in the hashes and the pairs that are kept.
 *
 * <p>Two hashes that differ in r bits or fewer agree in one of r + 1 blocks of the bits at least.
 * For each block they are sorted by it, and only those that share its value are compared: for r = 3
 * and well-spread hashes one pair in 16,000. Equal hashes are one, with a count.
 *
 * <p>The arrays are not copied: treat them as read-only.
 *
 * @param total how many pairs there are
 * @param first the one position of each kept pair, the lower
 * @param second the other
 * @param distances how many bits of each differ
 */
public record CloseHashes(long total, int[] first, int[] second, int[] distances) {
  /** How many pairs are kept. */
  public int kept() {
    return first.length;
  }

  /**
   * Finds them.
   *
   * @param hashes one of each picture
   * @param bits that may differ, 0 to 64
   * @param most pairs that are kept; 0 only counts them
   * @throws InputException if a number is out of range
   * @throws CancelledException if the thread is interrupted
   */
  public static CloseHashes within(long[] hashes, int bits, int most) {
    if (bits < 0 || bits > 64) {
      throw new InputException("bits: must be 0 to 64, got " + bits);
    }
    if (most < 0) {
      throw new InputException("pairs to keep: must be 0 or more, got " + most);
    }
    Search search = new Search(hashes, bits, most);
    search.equal();
    search.different();
    return search.result();
  }

  private static final class Search {
    private final int bits;
    private final ClosestKept kept;
    private long total;

    /** Positions, by hash, then by position; those of distinct hash u from starts[u] on. */
    private final int[] order;

    private final long[] distinct; // ascending
    private final int[] starts;

    Search(long[] hashes, int bits, int most) {
      this.bits = bits;
      kept = new ClosestKept(most);
      distinct = Arrays.stream(hashes).sorted().distinct().toArray();
      starts = new int[distinct.length + 1];
      order = new int[hashes.length];
      int[] of = new int[hashes.length];
      for (int i = 0; i < hashes.length; i++) {
        of[i] = Arrays.binarySearch(distinct, hashes[i]);
        starts[of[i] + 1]++;
      }
      for (int u = 0; u < distinct.length; u++) {
        starts[u + 1] += starts[u];
      }
      int[] next = starts.clone();
      for (int i = 0; i < hashes.length; i++) {
        order[next[of[i]]++] = i;
      }
    }

    private long members(int u) {
      return starts[u + 1] - starts[u];
    }

    void equal() {
      for (int u = 0; u < distinct.length; u++) {
        total += members(u) * (members(u) - 1) / 2;
        keepEqual(starts[u], starts[u + 1]);
      }
    }

    /** The pairs ascend, so after one that is not wanted none is. */
    private void keepEqual(int from, int to) {
      for (int i = from; i < to; i++) {
        for (int j = i + 1; j < to; j++) {
          if (!kept.wants(0, order[i], order[j])) {
            return;
          }
          kept.add(0, order[i], order[j]);
        }
      }
    }

    /** Pairs of different hashes, each in the first block of bits in which the two agree. */
    void different() {
      if (bits == 0) {
        return;
      }
      int blocks = bits < 64 ? bits + 1 : 0;
      int[] ends = new int[Math.max(1, blocks)]; // 0 where all pairs are close, whatever agrees
      for (int b = 0; b < blocks; b++) {
        ends[b] = 64 * (b + 1) / blocks;
      }
      long[] turned = new long[distinct.length];
      for (int b = 0; b < ends.length; b++) {
        int end = ends[b];
        int begin = b == 0 ? 0 : ends[b - 1];
        for (int i = 0; i < turned.length; i++) {
          turned[i] = Long.rotateRight(distinct[i], end); // the block's bits are the highest now
        }
        Arrays.sort(turned);
        long mask = end == begin ? 0 : -1L << (64 - (end - begin));
        for (int from = 0; from < turned.length; ) {
          int to = from + 1;
          while (to < turned.length && ((turned[to] ^ turned[from]) & mask) == 0) {
            to++;
          }
          compare(turned, from, to, end, Arrays.copyOf(ends, b));
          from = to;
        }
      }
    }

    private void compare(long[] turned, int from, int to, int end, int[] earlierEnds) {
      for (int i = from; i < to - 1; i++) {
        MatrixChecks.checkInterrupt("close hashes");
        for (int j = i + 1; j < to; j++) {
          long differ = turned[i] ^ turned[j];
          if (Long.bitCount(differ) <= bits && !agree(Long.rotateLeft(differ, end), earlierEnds)) {
            take(at(Long.rotateLeft(turned[i], end)), at(Long.rotateLeft(turned[j], end)));
          }
        }
      }
    }

    private int at(long hash) {
      return Arrays.binarySearch(distinct, hash);
    }

    /** Whether two hashes with these differences agree in one of the blocks. */
    private static boolean agree(long differ, int[] ends) {
      int begin = 0;
      for (int end : ends) {
        if ((differ >>> begin & (-1L >>> (64 - (end - begin)))) == 0) {
          return true;
        }
        begin = end;
      }
      return false;
    }

    /** All pairs of one of u and one of v, in ascending order: after one unwanted none is. */
    private void take(int u, int v) {
      int distance = Long.bitCount(distinct[u] ^ distinct[v]);
      total += members(u) * members(v);
      int a = starts[u];
      int b = starts[v];
      while (a < starts[u + 1] && b < starts[v + 1]) {
        boolean ofU = order[a] < order[b];
        int low = ofU ? order[a++] : order[b++];
        int to = ofU ? starts[v + 1] : starts[u + 1];
        for (int at = ofU ? b : a; at < to; at++) {
          if (!kept.wants(distance, low, order[at])) {
            return;
          }
          kept.add(distance, low, order[at]);
        }
      }
    }

    CloseHashes result() {
      kept.sort();
      int[] first = new int[kept.count()];
      int[] second = new int[kept.count()];
      int[] distances = new int[kept.count()];
      for (int p = 0; p < first.length; p++) {
        first[p] = kept.first(p);
        second[p] = kept.second(p);
        distances[p] = (int) kept.distance(p);
      }
      return new CloseHashes(total, first, second, distances);
    }
  }
}
