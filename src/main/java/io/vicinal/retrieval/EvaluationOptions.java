package io.vicinal.retrieval;

import io.vicinal.InputException;
import java.util.List;

/**
 * What to measure and how. Immutable.
 *
 * @param metrics metrics, in the order of the results; not empty
 * @param normalize whether rows are divided by their Euclidean norm first (the order is then that
 *     of cosine similarity)
 * @param method where the ranks come from; both give the same values
 * @param perClass whether to fill the per-class table
 * @param settings what single metrics need beyond embeddings and labels
 */
public record EvaluationOptions(
    List<MetricId> metrics,
    boolean normalize,
    Method method,
    boolean perClass,
    MetricSettings settings) {
  /** How ranks are found. */
  public enum Method {
    /** Native rank counting: no neighbour lists, cost independent of k. The default. */
    RANKS,
    /** Neighbour lists as deep as the metrics need. */
    NEIGHBOURS
  }

  /** The metrics that are measured when none are named. */
  public static final String DEFAULT_METRICS = "r@1,r@10,rp,map@r";

  public EvaluationOptions {
    metrics = List.copyOf(metrics);
    if (metrics.isEmpty()) {
      throw new InputException(
          "metrics: name at least one of " + String.join(", ", MetricId.names()));
    }
  }

  /** With {@link MetricSettings#defaults()}. */
  public EvaluationOptions(
      List<MetricId> metrics, boolean normalize, Method method, boolean perClass) {
    this(metrics, normalize, method, perClass, MetricSettings.defaults());
  }

  /** These metrics on raw rows, by rank counting, with the per-class table. */
  public static EvaluationOptions of(String metrics) {
    return new EvaluationOptions(MetricId.parseList(metrics), false, Method.RANKS, true);
  }

  /** The default metrics on raw rows. */
  public static EvaluationOptions defaults() {
    return of(DEFAULT_METRICS);
  }

  /** The same with rows normalised, or not. */
  public EvaluationOptions withNormalize(boolean value) {
    return new EvaluationOptions(metrics, value, method, perClass, settings);
  }

  /** The same with another source of ranks. */
  public EvaluationOptions withMethod(Method value) {
    return new EvaluationOptions(metrics, normalize, value, perClass, settings);
  }

  /** The same with or without the per-class table. */
  public EvaluationOptions withPerClass(boolean value) {
    return new EvaluationOptions(metrics, normalize, method, value, settings);
  }

  /** The same with what single metrics need. */
  public EvaluationOptions withSettings(MetricSettings value) {
    return new EvaluationOptions(metrics, normalize, method, perClass, value);
  }
}
