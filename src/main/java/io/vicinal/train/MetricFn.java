package io.vicinal.train;

import io.vicinal.tensor.Tensor;
import java.util.Map;

/** Measures embeddings: retrieval metrics, usually. Called from the thread of one run. */
@FunctionalInterface
public interface MetricFn {

  /**
   * @param embeddings [V, d], F32 or F64
   * @param labels I64 [V]
   * @return the value of each configured metric; larger is better
   */
  Map<String, Double> measure(Tensor embeddings, Tensor labels);
}
