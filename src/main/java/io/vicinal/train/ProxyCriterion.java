package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.loss.Loss;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Tensor;

/**
 * A loss against proxies, which has kernels of its own: one native call, the head's map included.
 */
final class ProxyCriterion implements Criterion {
  private final Backend backend;
  private final LossSpec spec;
  private final int classes;
  private final Parameters proxies;

  /**
   * @param proxies [C*K, d], by name
   */
  ProxyCriterion(Backend backend, Loss loss, int classes, Parameters proxies) {
    this.backend = backend;
    this.spec = loss.spec();
    this.classes = classes;
    this.proxies = proxies;
  }

  @Override
  public Parameters learned() {
    return proxies;
  }

  @Override
  public LossValue gradient(
      long step, Tensor features, Targets targets, Parameters at, Parameters gradients) {
    return backend.headGradient(
        spec, classes, features, targets, Head.tensors(at), null, Head.tensors(gradients));
  }
}
