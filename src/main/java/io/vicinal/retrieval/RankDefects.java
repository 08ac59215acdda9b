package io.vicinal.retrieval;

import io.vicinal.data.EqualRows;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes of the right ranks of a query's relevant rows those that known code would see ({@link
 * MetricCompat}), and of a metric's value that code's. Not thread-safe.
 */
final class RankDefects {
  private static final long LONGEST_LIST = 1023; // of a GPU's search in those codes

  private final Set<MetricCompat> compat;
  private final MeasuredRows rows;
  private final long largestClass;
  private final int[] equalBefore; // of each query; null unless the first neighbour is left out

  RankDefects(MeasuredRows rows, Relevance relevance, Set<MetricCompat> compat) {
    this.rows = rows;
    this.compat = compat;
    largestClass = relevance.most() + (rows.sameSet() ? 1 : 0);
    equalBefore =
        compat.contains(MetricCompat.FIRST_NEIGHBOUR) && rows.sameSet() ? equalBefore(rows) : null;
  }

  private static int[] equalBefore(MeasuredRows rows) {
    int[] before = new int[rows.queryLabels().length];
    Map<Long, Integer> seen = new HashMap<>();
    EqualRows.each(
        rows.queries(),
        (at, hash, zero) -> before[(int) at] = seen.merge(hash, 1, Integer::sum) - 1);
    return before;
  }

  /** Whether queries without a relevant row enter the means. */
  boolean countsLone() {
    return compat.contains(MetricCompat.LONE_AS_ZERO);
  }

  /**
   * The metrics of a query.
   *
   * @param ranks of all its relevant rows, ascending, in {@code [from, to)}
   * @param relevant R
   * @param tied whether a relevant row is as near as another
   */
  double[] values(
      List<MetricId> ids, int query, long[] ranks, int from, int to, long relevant, boolean tied) {
    long[] seen = withoutFirst(query, Arrays.copyOfRange(ranks, from, to));
    long first = seen.length == 0 ? Long.MAX_VALUE : seen[0];
    if (tied && relevant > 0 && compat.contains(MetricCompat.TIES_FOR_RELEVANT)) {
      first = Math.min(first, 1 + nearerThanRelevant(query));
    }
    double[] values = new double[ids.size()];
    for (int m = 0; m < values.length; m++) {
      MetricId id = ids.get(m);
      if (id.kind() == MetricKind.RECALL) {
        boolean shorter = compat.contains(MetricCompat.SHORT_LISTS);
        long k = shorter ? Math.min(id.k(), Math.min(LONGEST_LIST, largestClass)) : id.k();
        values[m] = first <= k ? 1 : 0;
      } else {
        long[] longer = padded(id, query, seen);
        values[m] = id.of(longer, 0, longer.length, Math.max(1, relevant));
        values[m] *= dividesByClass(id) ? Math.max(1.0, relevant) / (relevant + 1) : 1;
      }
    }
    return values;
  }

  private boolean dividesByClass(MetricId id) {
    return switch (id.kind()) {
      case MAP, MAP_AT_C, MAP_R -> compat.contains(MetricCompat.MAP_CLASS_SIZE);
      default -> false;
    };
  }

  /**
   * Rows equal to the query and of a lower number come before it. Where the first of all is left
   * out, the query itself is met behind the others of them, which move up.
   */
  private long[] withoutFirst(int query, long[] ranks) {
    int place = equalBefore == null ? 0 : equalBefore[query];
    if (place == 0) {
      return ranks;
    }
    boolean lostRelevant = ranks.length > 0 && ranks[0] == 1;
    long[] moved = new long[ranks.length + (lostRelevant ? 0 : 1)];
    int at = 0;
    boolean met = false;
    for (int i = lostRelevant ? 1 : 0; i < ranks.length; i++) {
      if (!met && ranks[i] > place) {
        moved[at++] = place;
        met = true;
      }
      moved[at++] = ranks[i] <= place ? ranks[i] - 1 : ranks[i];
    }
    if (!met) {
      moved[at] = place;
    }
    return moved;
  }

  /** With what code that reads past the end of a list takes for neighbours. */
  private long[] padded(MetricId id, int query, long[] ranks) {
    if (!compat.contains(MetricCompat.MAP_PADDING)) {
      return ranks;
    }
    long to =
        switch (id.kind()) {
          case MAP -> rows.available() + 1;
          case MAP_R -> id.k();
          default -> 0;
        };
    long[] labels = rows.galleryLabels();
    int more = Math.toIntExact(Math.max(0, to - rows.available()));
    if (more == 0 || labels[labels.length - 1] != rows.queryLabels()[query]) {
      return ranks;
    }
    long[] longer = Arrays.copyOf(ranks, ranks.length + more);
    for (int i = 0; i < more; i++) {
      longer[ranks.length + i] = rows.available() + 1 + i;
    }
    return longer;
  }

  /** Irrelevant rows that are nearer than the nearest relevant one. */
  private long nearerThanRelevant(int query) {
    float[] own = rows.queries().rows(query, query + 1L).toFloats();
    long[] labels = rows.galleryLabels();
    long label = rows.queryLabels()[query];
    double[] distances = new double[labels.length];
    double nearest = Double.POSITIVE_INFINITY;
    int width = own.length;
    int step = Math.max(1, (1 << 20) / width);
    for (int from = 0; from < labels.length; from += step) {
      int to = Math.min(labels.length, from + step);
      float[] piece = rows.gallery().rows(from, to).toFloats();
      for (int g = from; g < to; g++) {
        distances[g] = squaredDistance(own, 0, piece, (g - from) * width, width);
        if (labels[g] == label && !(rows.sameSet() && g == query)) {
          nearest = Math.min(nearest, distances[g]);
        }
      }
    }
    long nearer = 0;
    for (int g = 0; g < labels.length; g++) {
      nearer += labels[g] != label && distances[g] < nearest ? 1 : 0;
    }
    return nearer;
  }

  static double squaredDistance(float[] a, int atA, float[] b, int atB, int width) {
    double sum = 0;
    for (int j = 0; j < width; j++) {
      double difference = (double) a[atA + j] - b[atB + j];
      sum += difference * difference;
    }
    return sum;
  }
}
