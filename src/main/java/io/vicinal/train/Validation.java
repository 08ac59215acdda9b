package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Measures the validation part after an epoch. */
final class Validation implements Loop.Listener {
  private final RunConfig config;
  private final Backend backend;
  private final FeatureSet part;
  private final MetricFn metric;
  private final Head head;

  /**
   * @param part the samples that judge
   * @param head that they judge, as it is at the time
   */
  Validation(RunConfig config, Backend backend, FeatureSet part, MetricFn metric, Head head) {
    this.config = config;
    this.backend = backend;
    this.part = part;
    this.metric = metric;
    this.head = head;
  }

  @Override
  public void judge(Loop.Epoch epoch) {
    if (epoch.number % config.evaluate().every() != 0 && epoch.number != config.epochs()) {
      return;
    }
    try (Arena arena = new Arena(backend.memory())) {
      epoch.validation = measured(head.embed(backend, part.features(), arena));
    }
    epoch.metric = epoch.validation.getOrDefault(config.evaluate().metric(), Double.NaN);
  }

  /** The metrics of the part's embeddings, in the configured order. */
  Map<String, Double> measured(Tensor embeddings) {
    Map<String, Double> measured = metric.measure(embeddings, part.labels());
    Map<String, Double> values = new LinkedHashMap<>();
    config.evaluate().metrics().forEach(id -> values.put(id, measured.get(id)));
    return values;
  }
}
