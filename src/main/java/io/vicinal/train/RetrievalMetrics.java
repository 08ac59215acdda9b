package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.config.EvaluateConfig;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.retrieval.MetricId;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Retrieval metrics of a set searched in itself, each query's own row left out. */
final class RetrievalMetrics implements MetricFn {

  private final Evaluator evaluator;
  private final EvaluateConfig config;
  private final List<MetricId> ids;

  /**
   * @throws InputException when a metric is unknown
   */
  RetrievalMetrics(Backend backend, EvaluateConfig config) {
    this.evaluator = new Evaluator(backend);
    this.config = config;
    this.ids = config.metrics().stream().map(RetrievalMetrics::parse).toList();
  }

  /** A metric that the configuration names. */
  static MetricId parse(String name) {
    try {
      MetricId id = MetricId.parse(name);
      if (!id.isOfRowsAlone()) {
        throw new InputException(
            id + " is not one number of embeddings and labels; ask 'vicinal evaluate' for it");
      }
      return id;
    } catch (InputException e) {
      throw new InputException("evaluate.metrics: " + e.getMessage(), e);
    }
  }

  @Override
  public Map<String, Double> measure(Tensor embeddings, Tensor labels) {
    EvaluationOptions options =
        new EvaluationOptions(ids, config.normalize(), EvaluationOptions.Method.RANKS, false);
    Map<String, Double> measured = evaluator.evaluate(embeddings, labels, options).values();
    Map<String, Double> values = new LinkedHashMap<>();
    for (int i = 0; i < ids.size(); i++) {
      values.put(config.metrics().get(i), measured.get(ids.get(i).id()));
    }
    return values;
  }
}
