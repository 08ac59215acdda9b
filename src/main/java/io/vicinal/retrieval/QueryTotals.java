package io.vicinal.retrieval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sums over the queries of one evaluation, and over those of each label. */
final class QueryTotals {
  private final List<MetricId> ranking;
  private final RankingMetrics means;
  private final RankDefects defects; // null for none
  private long tied;

  private final long[] labels; // distinct query labels, ascending; null without a table
  private final int[] labelOfQuery;
  private final long[] queriesOf;
  private final long[] loneOf;
  private final long[] countedOf; // in the means
  private final double[] sums; // [labels, metrics]

  /**
   * @param defects that are reproduced, null for none
   */
  QueryTotals(List<MetricId> ranking, long[] queryLabels, boolean perClass, RankDefects defects) {
    this.ranking = ranking;
    this.defects = defects;
    this.means = new RankingMetrics(ranking);
    if (perClass) {
      labels = Arrays.stream(queryLabels).sorted().distinct().toArray();
      labelOfQuery =
          Arrays.stream(queryLabels).mapToInt(l -> Arrays.binarySearch(labels, l)).toArray();
      queriesOf = new long[labels.length];
      loneOf = new long[labels.length];
      countedOf = new long[labels.length];
      sums = new double[Math.multiplyExact(labels.length, ranking.size())];
    } else {
      labels = null;
      labelOfQuery = null;
      queriesOf = null;
      loneOf = null;
      countedOf = null;
      sums = null;
    }
  }

  void add(int query, long[] ranks, int from, int to, long relevant, boolean isTied) {
    double[] values;
    if (defects == null) {
      values = means.add(ranks, from, to, relevant);
    } else {
      values =
          relevant == 0 && !defects.countsLone()
              ? null
              : defects.values(ranking, query, ranks, from, to, relevant, isTied);
      means.add(values, relevant == 0);
    }
    tied += isTied ? 1 : 0;
    if (labels == null) {
      return;
    }
    int label = labelOfQuery[query];
    queriesOf[label]++;
    loneOf[label] += relevant == 0 ? 1 : 0;
    if (values != null) {
      countedOf[label]++;
      for (int m = 0; m < values.length; m++) {
        sums[label * values.length + m] += values[m];
      }
    }
  }

  /**
   * The result, metrics in the order asked for.
   *
   * @param others values that are no means over rankings
   */
  Evaluation evaluation(
      List<MetricId> metrics, Map<String, Double> others, Map<String, List<Double>> vectors) {
    Map<String, Double> rankingMeans = means.means();
    Map<String, Double> values = new LinkedHashMap<>();
    Map<String, String> definitions = new LinkedHashMap<>();
    for (MetricId id : metrics) {
      String key = id.id();
      if (!vectors.containsKey(key)) {
        values.put(key, id.kind().isRanking() ? rankingMeans.get(key) : others.get(key));
      }
      definitions.put(key, id.definition());
    }
    return new Evaluation(
        Collections.unmodifiableMap(values),
        Collections.unmodifiableMap(definitions),
        new Evaluation.Counts(means.queries(), means.lone(), tied),
        table(),
        vectors);
  }

  private List<Evaluation.PerClass> table() {
    if (labels == null) {
      return List.of();
    }
    List<Evaluation.PerClass> rows = new ArrayList<>(labels.length);
    for (int c = 0; c < labels.length; c++) {
      Map<String, Double> values = new LinkedHashMap<>();
      for (int m = 0; countedOf[c] > 0 && m < ranking.size(); m++) {
        values.put(ranking.get(m).id(), sums[c * ranking.size() + m] / countedOf[c]);
      }
      rows.add(
          new Evaluation.PerClass(
              labels[c], queriesOf[c], loneOf[c], Collections.unmodifiableMap(values)));
    }
    return Collections.unmodifiableList(rows);
  }
}
