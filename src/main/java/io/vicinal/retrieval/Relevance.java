package io.vicinal.retrieval;

import java.util.Arrays;

/**
 * Which gallery rows are relevant to a query: those of its label, without the query itself. Gallery
 * ids grouped by label, ascending within a group; O(G) memory whatever the labels are.
 */
final class Relevance {
  private final long[] names; // distinct gallery labels, ascending
  private final int[] start; // group g is ids[start[g] .. start[g + 1])
  private final int[] ids;
  private final int[] groupOfQuery; // -1: label not in the gallery
  private final boolean sameSet;

  /**
   * @param queryLabels label of each query
   * @param galleryLabels label of each gallery row; the same array for a set searched in itself
   */
  Relevance(long[] queryLabels, long[] galleryLabels) {
    sameSet = queryLabels == galleryLabels;
    names = Arrays.stream(galleryLabels).sorted().distinct().toArray();
    start = new int[names.length + 1];
    int[] group = new int[galleryLabels.length];
    for (int i = 0; i < group.length; i++) {
      group[i] = Arrays.binarySearch(names, galleryLabels[i]);
      start[group[i] + 1]++;
    }
    Arrays.parallelPrefix(start, Integer::sum);
    ids = new int[galleryLabels.length];
    int[] next = Arrays.copyOf(start, names.length);
    for (int i = 0; i < group.length; i++) {
      ids[next[group[i]]++] = i;
    }
    groupOfQuery =
        sameSet
            ? group
            : Arrays.stream(queryLabels)
                .mapToInt(label -> Math.max(-1, Arrays.binarySearch(names, label)))
                .toArray();
  }

  int queries() {
    return groupOfQuery.length;
  }

  /** Number R of relevant rows of a query. */
  int count(int query) {
    int group = groupOfQuery[query];
    return group < 0 ? 0 : start[group + 1] - start[group] - (sameSet ? 1 : 0);
  }

  /** The largest R of any query. */
  int most() {
    int most = 0;
    for (int q = 0; q < queries(); q++) {
      most = Math.max(most, count(q));
    }
    return most;
  }

  /** Writes the relevant ids of a query, ascending, and returns the position behind them. */
  int copy(int query, long[] out, int at) {
    int group = groupOfQuery[query];
    if (group < 0) {
      return at;
    }
    for (int i = start[group]; i < start[group + 1]; i++) {
      if (!sameSet || ids[i] != query) {
        out[at++] = ids[i];
      }
    }
    return at;
  }

  /** The first query of the next block: as many as have at most {@code budget} relevant rows. */
  int blockEnd(int from, long budget) {
    long total = 0;
    int to = from;
    do {
      total += count(to++);
    } while (to < queries() && total + count(to) <= budget);
    return to;
  }

  boolean relevant(int query, long galleryLabelGroup) {
    return groupOfQuery[query] == galleryLabelGroup;
  }

  /** Group of each gallery row, comparable with {@link #relevant}. */
  int[] galleryGroups() {
    int[] group = new int[ids.length];
    for (int g = 0; g < names.length; g++) {
      for (int i = start[g]; i < start[g + 1]; i++) {
        group[ids[i]] = g;
      }
    }
    return group;
  }
}
