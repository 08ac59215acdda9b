package io.vicinal.curate.reweight;

import io.vicinal.statistics.Alternative;
import io.vicinal.statistics.Bootstrap;
import io.vicinal.statistics.PairedComparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What training again under other weights did to the same queries, by what chose the weights.
 * Immutable.
 *
 * @param rows by method, in the order of asking: one per query
 */
public record Reweighted(Map<String, List<BeforeAfter>> rows) {
  /** Of intervals. */
  public static final double LEVEL = 0.95;

  private static final int RESAMPLES = 10_000;

  /**
   * A test of whether measurements grew.
   *
   * @param method whose measurements afterwards are compared
   * @param other with those of which method; null for its own before
   */
  public record Comparison(String method, String other, PairedComparison result) {}

  /** The method that was asked first. */
  public String first() {
    return rows.keySet().iterator().next();
  }

  /** Mean over a method's queries. */
  public double mean(String method, ToDoubleFunction<BeforeAfter> value) {
    return rows.get(method).stream().mapToDouble(value).average().orElse(0);
  }

  /** How many of a method's measurements grew. */
  public long grew(String method) {
    return rows.get(method).stream().filter(row -> row.change() > 0).count();
  }

  /** A method's measurements, one per query. */
  public double[] values(String method, ToDoubleFunction<BeforeAfter> value) {
    return rows.get(method).stream().mapToDouble(value).toArray();
  }

  /**
   * Every method's after against its before, and the first method's after against the others'; none
   * of fewer than two queries.
   *
   * @param seed of the bootstrap
   */
  public List<Comparison> comparisons(long seed) {
    List<Comparison> all = new ArrayList<>();
    if (rows.get(first()).size() < 2) {
      return all;
    }
    Bootstrap bootstrap = new Bootstrap(RESAMPLES, LEVEL, seed);
    for (String method : rows.keySet()) {
      double[] before = values(method, BeforeAfter::before);
      all.add(new Comparison(method, null, compared(method, before, bootstrap)));
    }
    for (String other : rows.keySet()) {
      if (!other.equals(first())) {
        double[] after = values(other, BeforeAfter::after);
        all.add(new Comparison(first(), other, compared(first(), after, bootstrap)));
      }
    }
    return all;
  }

  private PairedComparison compared(String method, double[] with, Bootstrap bootstrap) {
    double[] after = values(method, BeforeAfter::after);
    return PairedComparison.of(after, with, Alternative.GREATER, bootstrap);
  }
}
