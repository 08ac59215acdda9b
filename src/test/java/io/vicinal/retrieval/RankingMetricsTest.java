package io.vicinal.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import org.junit.jupiter.api.Test;

/** Formulas on relevance tables whose values other libraries publish or compute. */
class RankingMetricsTest {
  private static final long[] QUERY_LABELS = {1, 1, 2, 3, 4, 0};
  private static final long[][] NEIGHBOUR_LABELS = {
    {0, 1, 1, 2, 2},
    {1, 0, 1, 1, 3},
    {4, 4, 4, 4, 2},
    {3, 1, 3, 1, 3},
    {0, 0, 4, 2, 2},
    {1, 2, 3, 4, 5},
  };
  private static final long[] REFERENCE_COUNT = {2, 3, 5, 4, 5};

  /** pytorch-metric-learning's accuracy-calculator table, reference without the queries. */
  @Test
  void tableWithoutQueries() {
    RankingMetrics metrics = table(0);
    assertValues(
        metrics,
        "p@1",
        1.0 / 3,
        "rp",
        0.372222222222222,
        "map@r",
        0.244629629629630,
        "map",
        0.311296296296296,
        "mrr",
        0.505555555555556);
  }

  /** The same table, where the first neighbour is the query and is left out. */
  @Test
  void tableWithQueries() {
    assertValues(
        table(1),
        "p@1",
        1.0 / 6,
        "rp",
        0.388888888888889,
        "map@r",
        0.267361111111111,
        "map",
        0.350694444444444,
        "mrr",
        0.458333333333333);
  }

  private static RankingMetrics table(int skip) {
    RankingMetrics metrics = new RankingMetrics(MetricId.parseList("p@1,rp,map@r,map,mrr"));
    for (int q = 0; q < QUERY_LABELS.length; q++) {
      boolean[] relevance = new boolean[5 - skip];
      for (int j = 0; j < relevance.length; j++) {
        relevance[j] = NEIGHBOUR_LABELS[q][j + skip] == QUERY_LABELS[q];
      }
      metrics.add(relevance, REFERENCE_COUNT[(int) QUERY_LABELS[q]] - skip);
    }
    return metrics;
  }

  private static final String[] OML_ROWS = {"11010", "10011", "01101", "00111", "10000", "00010"};

  /** Open-metric-learning's six queries: CMC, precision and MAP per query. */
  @Test
  void sixQueriesInTheOmlDialect() {
    assertRows("r@1", 1, 1, 0, 0, 1, 0);
    assertRows("r@2", 1, 1, 1, 0, 1, 0);
    assertRows("r@3", 1, 1, 1, 1, 1, 0);
    assertRows("r@4", 1, 1, 1, 1, 1, 1);
    assertRows("map@3/oml", 1, 1, 7.0 / 12, 1.0 / 3, 1, 0);
    assertRows("map@4/oml", 11.0 / 12, 3.0 / 4, 7.0 / 12, 5.0 / 12, 1, 1.0 / 4);
    assertRows("map@5/oml", 11.0 / 12, 7.0 / 10, 53.0 / 90, 43.0 / 90, 1, 1.0 / 4);
    assertRows("map@10/oml", 11.0 / 12, 7.0 / 10, 53.0 / 90, 43.0 / 90, 1, 1.0 / 4);
    assertRows("p@2/oml", 1, 0.5, 0.5, 0, 1, 0);
    assertRows("p@3/oml", 2.0 / 3, 1.0 / 3, 2.0 / 3, 1.0 / 3, 1, 0);
    assertRows("p@5/oml", 1, 1, 1, 1, 1, 1);
  }

  private static void assertRows(String metric, double... expected) {
    for (int q = 0; q < OML_ROWS.length; q++) {
      boolean[] relevance = new boolean[5];
      int relevant = 0;
      for (int j = 0; j < 5; j++) {
        relevance[j] = OML_ROWS[q].charAt(j) == '1';
        relevant += relevance[j] ? 1 : 0;
      }
      RankingMetrics one = new RankingMetrics(MetricId.parseList(metric));
      one.add(relevance, relevant);
      assertThat(one.means().get(metric))
          .as("%s of row %d", metric, q)
          .isCloseTo(expected[q], offset(1e-15));
    }
  }

  /** TensorFlow Similarity: MAP@3 divided by R, and MAP cut at R. */
  @Test
  void divisionByAllRelevantRows() {
    RankingMetrics at3 = new RankingMetrics(MetricId.parseList("map@3/r"));
    for (int i = 0; i < 3; i++) {
      at3.add(new boolean[] {true, true, false}, 3);
    }
    at3.add(new boolean[] {false, false, true}, 10);
    assertValues(at3, "map@3/r", 0.508333333333333);

    RankingMetrics atR = new RankingMetrics(MetricId.parseList("map@r"));
    atR.add(new boolean[] {false, false, false, true}, 4);
    atR.add(new boolean[] {false, false, false, true}, 3);
    assertValues(atR, "map@r", 0.03125);
  }

  @Test
  void loneQueriesAreCountedAndEnterNoMean() {
    RankingMetrics metrics = new RankingMetrics(MetricId.parseList("r@1,map@r"));
    metrics.add(new boolean[] {true, false}, 1);
    metrics.add(new boolean[] {false, false}, 0);
    assertThat(metrics.queries()).isEqualTo(2);
    assertThat(metrics.lone()).isEqualTo(1);
    assertValues(metrics, "r@1", 1.0, "map@r", 1.0);
  }

  private static void assertValues(RankingMetrics metrics, Object... pairs) {
    for (int i = 0; i < pairs.length; i += 2) {
      assertThat(metrics.means().get((String) pairs[i]))
          .as("%s", pairs[i])
          .isCloseTo((Double) pairs[i + 1], offset(1e-14));
    }
  }
}
