package io.vicinal.retrieval;

import java.util.List;
import java.util.Map;

/**
 * The result of an evaluation. Immutable; maps keep the order in which metrics were asked for.
 *
 * @param values metric id to value, fractions where the metric is one; NaN where it is undefined,
 *     as the page of metrics says
 * @param definitions metric id to its one-sentence definition
 * @param counts what the means are over
 * @param perClass one entry per query label, ascending; empty if it was not asked for
 * @param vectors metric id to values, of metrics that are several numbers ({@code rho@0})
 */
public record Evaluation(
    Map<String, Double> values,
    Map<String, String> definitions,
    Counts counts,
    List<PerClass> perClass,
    Map<String, List<Double>> vectors) {
  /**
   * Counts behind the means.
   *
   * @param queries all queries, lone ones included
   * @param lone queries without a relevant gallery row, which enter no mean
   * @param tied queries for which a relevant row has exactly the distance of a row that is not
   *     relevant; their order is decided by lower id
   */
  public record Counts(long queries, long lone, long tied) {}

  /**
   * Means over the queries of one label.
   *
   * @param label the label
   * @param queries queries with it, lone ones included
   * @param lone lone queries among them
   * @param values ranking metrics only; empty if all its queries are lone
   */
  public record PerClass(long label, long queries, long lone, Map<String, Double> values) {}

  /**
   * The value of a metric, by any of its names.
   *
   * @throws io.vicinal.InputException if the name is unknown
   * @throws IllegalArgumentException if it was not measured
   */
  public double value(String metric) {
    Double value = values.get(MetricId.parse(metric).id());
    if (value == null) {
      throw new IllegalArgumentException(metric + " was not measured; there is " + values.keySet());
    }
    return value;
  }
}
