package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Metrics of what stands in the lists of nearest rows, beyond whether it is relevant: graded
 * relevance and weighted votes. Lists come in blocks, as deep as the largest k. Not thread-safe.
 */
final class ListMetrics {
  private static final double LEAST_PROBABILITY = 1e-4;

  private final MeasuredRows rows;
  private final Relevance relevance;
  private final List<MetricId> ids;
  private final MetricSettings settings;
  private final double[] sums;
  private final long[] counted;
  private final Map<Long, long[]> bestCounts = new HashMap<>(); // by label, see bestGrades
  private final Map<Long, double[]> bestGrades = new HashMap<>();
  private Map<Long, Long> gallerySizes;

  private ListMetrics(
      MeasuredRows rows, Relevance relevance, List<MetricId> ids, MetricSettings settings) {
    this.rows = rows;
    this.relevance = relevance;
    this.ids = ids;
    this.settings = settings;
    sums = new double[ids.size()];
    counted = new long[ids.size()];
  }

  /**
   * @param ids that need lists, each k at most what a query can retrieve
   */
  static Map<String, Double> of(
      Backend backend,
      MeasuredRows rows,
      Relevance relevance,
      List<MetricId> ids,
      MetricSettings settings) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (ids.isEmpty()) {
      return values;
    }
    settings.grades().check(rows.labels());
    ListMetrics work = new ListMetrics(rows, relevance, ids, settings);
    work.run(backend);
    for (int m = 0; m < work.sums.length; m++) {
      if (work.counted[m] == 0) {
        throw new InputException(
            "labels: no query has a relevant gallery row, so "
                + ids.get(m)
                + " is undefined; check the labels");
      }
      values.put(ids.get(m).id(), work.sums[m] / work.counted[m]);
    }
    return values;
  }

  private void run(Backend backend) {
    int depth = (int) ids.stream().mapToLong(MetricId::k).max().orElseThrow();
    int queries = relevance.queries();
    int step = (int) Math.max(1, Math.min(queries, RankSource.BLOCK_ENTRIES / depth));
    for (int from = 0; from < queries; from += step) {
      MatrixChecks.checkInterrupt("evaluation");
      int to = Math.min(queries, from + step);
      long[] self = rows.sameSet() ? new long[to - from] : null;
      for (int q = from; self != null && q < to; q++) {
        self[q - from] = q;
      }
      NeighbourList list =
          Neighbours.search(rows.queries().rows(from, to), rows.gallery(), depth, self, backend);
      for (int q = from; q < to; q++) {
        add(q, list, q - from);
      }
    }
  }

  private void add(int query, NeighbourList list, int at) {
    boolean lone = relevance.count(query) == 0;
    for (int m = 0; m < sums.length; m++) {
      int k = (int) ids.get(m).k();
      if (ids.get(m).kind() == MetricKind.NDCG) {
        double best = best(query, k);
        if (best > 0) {
          sums[m] += gain(query, list, at, k) / best;
          counted[m]++;
        }
      } else if (!lone) {
        sums[m] += vote(ids.get(m).kind(), query, list, at, k);
        counted[m]++;
      }
    }
  }

  private static double discount(long rank) {
    return Math.log(2) / Math.log(rank + 1);
  }

  private double gain(int query, NeighbourList list, int at, int k) {
    long label = rows.queryLabels()[query];
    double sum = 0;
    for (int j = 0; j < k; j++) {
      long other = rows.galleryLabels()[(int) list.id(at, j)];
      sum += settings.grades().of(label, other) * discount(j + 1);
    }
    return sum;
  }

  /** The gain of the best order of the gallery. */
  private double best(int query, int k) {
    long label = rows.queryLabels()[query];
    if (!settings.grades().isGraded()) {
      double sum = 0;
      for (int rank = 1; rank <= Math.min(k, relevance.count(query)); rank++) {
        sum += discount(rank);
      }
      return sum;
    }
    double[] grades = bestGrades.computeIfAbsent(label, this::sortGrades);
    long[] counts = bestCounts.get(label);
    double sum = 0;
    long rank = 0;
    for (int i = 0; i < grades.length; i++) {
      for (long n = 0; n < counts[i] && rank < k; n++) {
        sum += grades[i] * discount(++rank);
      }
    }
    return sum;
  }

  /** Different grades of the gallery to a query of a label, descending, with how many rows have. */
  private double[] sortGrades(long label) {
    if (gallerySizes == null) {
      gallerySizes = new HashMap<>();
      Arrays.stream(rows.galleryLabels()).forEach(l -> gallerySizes.merge(l, 1L, Long::sum));
    }
    Map<Double, Long> byGrade = new TreeMap<>(Comparator.reverseOrder());
    gallerySizes.forEach(
        (other, size) -> {
          long others = size - (rows.sameSet() && other == label ? 1 : 0);
          double grade = settings.grades().of(label, other);
          if (grade > 0) {
            byGrade.merge(grade, others, Long::sum);
          }
        });
    bestCounts.put(label, byGrade.values().stream().mapToLong(Long::longValue).toArray());
    return byGrade.keySet().stream().mapToDouble(Double::doubleValue).toArray();
  }

  private double vote(MetricKind kind, int query, NeighbourList list, int at, int k) {
    long label = rows.queryLabels()[query];
    double nearest = Math.sqrt(list.distance(at, 0));
    Map<Long, Double> votes = new TreeMap<>();
    double all = 0;
    for (int j = 0; j < k; j++) {
      double beyond = Math.sqrt(list.distance(at, j)) - nearest;
      double weight = Math.exp(-beyond / settings.voteTemperature());
      votes.merge(rows.galleryLabels()[(int) list.id(at, j)], weight, Double::sum);
      all += weight;
    }
    double own = votes.getOrDefault(label, 0.0);
    if (kind == MetricKind.VOTE_LIKELIHOOD) {
      return Math.log(Math.max(own / all, LEAST_PROBABILITY));
    }
    for (Map.Entry<Long, Double> vote : votes.entrySet()) {
      if (vote.getValue() > own || vote.getValue() == own && vote.getKey() < label) {
        return 0;
      }
    }
    return own > 0 ? 1 : 0;
  }
}
