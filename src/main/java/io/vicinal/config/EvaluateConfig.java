package io.vicinal.config;

import java.util.List;

/**
 * How the validation data is measured.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param every epochs between two evaluations; the last epoch is always evaluated
 * @param metrics the ids to compute (docs/metrics.md)
 * @param metric the one that chooses the best head, stops early and drives the plateau schedule;
 *     larger is better
 * @param normalize measures unit vectors, as the losses see them
 */
public record EvaluateConfig(int every, List<String> metrics, String metric, boolean normalize) {

  static EvaluateConfig read(ConfigObject s) {
    int every = s.integer("every", 1, Range.integersFrom(1));
    List<String> metrics = s.texts("metrics", List.of("map@r", "r@1"));
    if (metrics.isEmpty()) {
      throw s.error("metrics", "is empty; name at least one, for example map@r");
    }
    String metric = s.text("metric", metrics.get(0));
    boolean normalize = s.flag("normalize", true);
    s.end();
    if (!metrics.contains(metric)) {
      throw s.error("metric", "\"" + metric + "\" is not in evaluate.metrics; add it there");
    }
    return new EvaluateConfig(every, metrics, metric, normalize);
  }
}
