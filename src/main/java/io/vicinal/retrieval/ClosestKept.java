package io.vicinal.retrieval;

import java.util.Arrays;

/**
 * The closest of many pairs, as many as are wanted: a heap with the farthest of them on top. Pairs
 * are ordered by distance, then by their first number, then by their second. For one thread.
 */
final class ClosestKept {
  private static final int FIRST_PLACES = 1024;

  private final int most;
  private double[] distances = new double[0];
  private long[] pairs = new long[0]; // first << 32 | second
  private int count;

  ClosestKept(int most) {
    this.most = most;
  }

  int count() {
    return count;
  }

  /** Whether a pair would be among the closest so far. */
  boolean wants(double distance, int first, int second) {
    return count < most || most > 0 && before(distance, pair(first, second), 0);
  }

  void add(double distance, int first, int second) {
    if (!wants(distance, first, second)) {
      return;
    }
    if (count == most) {
      sink(0, count, distance, pair(first, second));
      return;
    }
    if (count == distances.length) {
      int places = (int) Math.min(most, Math.max(FIRST_PLACES, 2L * count));
      distances = Arrays.copyOf(distances, places);
      pairs = Arrays.copyOf(pairs, places);
    }
    int at = count++;
    long pair = pair(first, second);
    while (at > 0 && !before(distance, pair, (at - 1) / 2)) {
      int above = (at - 1) / 2;
      distances[at] = distances[above];
      pairs[at] = pairs[above];
      at = above;
    }
    distances[at] = distance;
    pairs[at] = pair;
  }

  /** Puts the closest first; nothing is added afterwards. */
  void sort() {
    for (int end = count - 1; end > 0; end--) {
      double distance = distances[end];
      long pair = pairs[end];
      distances[end] = distances[0];
      pairs[end] = pairs[0];
      sink(0, end, distance, pair);
    }
  }

  double distance(int at) {
    return distances[at];
  }

  int first(int at) {
    return (int) (pairs[at] >>> 32);
  }

  int second(int at) {
    return (int) pairs[at];
  }

  private void sink(int from, int size, double distance, long pair) {
    int at = from;
    while (2 * at + 1 < size) {
      int below = 2 * at + 1;
      if (below + 1 < size && before(distances[below], pairs[below], below + 1)) {
        below++;
      }
      if (!before(distance, pair, below)) {
        break;
      }
      distances[at] = distances[below];
      pairs[at] = pairs[below];
      at = below;
    }
    distances[at] = distance;
    pairs[at] = pair;
  }

  private static long pair(int first, int second) {
    return (long) first << 32 | second;
  }

  private boolean before(double distance, long pair, int at) {
    return distance < distances[at] || distance == distances[at] && pair < pairs[at];
  }
}
