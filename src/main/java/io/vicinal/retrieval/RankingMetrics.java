package io.vicinal.retrieval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Means of ranking metrics over queries, fed one query at a time: either the ranks of its relevant
 * rows or a row of a relevance table. A query without a relevant row is lone: it is counted and
 * enters no mean.
 *
 * <p>Not thread-safe.
 */
public final class RankingMetrics {
  private final List<MetricId> ids;
  private final double[] sums;
  private final double[] last;
  private long queries;
  private long lone;
  private long counted; // queries in the means

  /**
   * @param ids ranking metrics
   */
  public RankingMetrics(List<MetricId> ids) {
    for (MetricId id : ids) {
      if (!id.kind().isRanking()) {
        throw new IllegalArgumentException(id + " is not a ranking metric");
      }
    }
    this.ids = List.copyOf(ids);
    this.sums = new double[ids.size()];
    this.last = new double[ids.size()];
  }

  /**
   * Adds a query given as a row of a relevance table.
   *
   * @param relevance whether the neighbour at each rank is relevant, nearest first
   * @param relevant R, the relevant rows of the whole gallery; 0 for a lone query
   */
  public void add(boolean[] relevance, long relevant) {
    long[] ranks = new long[relevance.length];
    int hits = 0;
    for (int i = 0; i < relevance.length; i++) {
      if (relevance[i]) {
        ranks[hits++] = i + 1;
      }
    }
    add(ranks, 0, hits, relevant);
  }

  /**
   * Adds a query given by its relevant rows' ranks.
   *
   * @param ranks ascending ranks from 1, those in {@code [from, to)}
   * @param relevant R; ranks beyond the deepest metric may be missing
   * @return the query's values in the order of the ids, valid until the next call; null if it is
   *     lone
   */
  public double[] add(long[] ranks, int from, int to, long relevant) {
    queries++;
    if (relevant == 0) {
      lone++;
      return null;
    }
    for (int m = 0; m < sums.length; m++) {
      last[m] = ids.get(m).of(ranks, from, to, relevant);
      sums[m] += last[m];
    }
    counted++;
    return last;
  }

  /**
   * Adds a query whose values somebody else has.
   *
   * @param values in the order of the ids; null if it enters no mean
   */
  void add(double[] values, boolean isLone) {
    queries++;
    lone += isLone ? 1 : 0;
    for (int m = 0; values != null && m < sums.length; m++) {
      sums[m] += values[m];
    }
    counted += values == null ? 0 : 1;
  }

  /** All queries, lone ones included. */
  public long queries() {
    return queries;
  }

  /** Queries without a relevant row. */
  public long lone() {
    return lone;
  }

  /** Mean of each metric over the queries that are not lone; NaN if all are. */
  public Map<String, Double> means() {
    Map<String, Double> means = new LinkedHashMap<>();
    for (int m = 0; m < sums.length; m++) {
      means.put(ids.get(m).id(), sums[m] / counted);
    }
    return means;
  }
}
