package io.vicinal.optim;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), as torch has them:
 *
 * <pre>
 *   Adam:  g += weightDecay p          AdamW:  p -= lr weightDecay p
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g²
 *   p -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 * </pre>
 *
 * With eps 1 and gradients far below 1 this is nearly momentum SGD with learning rate lr: the
 * setting of ProxyNCA++, where proxies learn 100 000 times faster. Not thread-safe.
 */
public final class Adam extends Optimizer {

  private final double beta1;
  private final double beta2;
  private final boolean decoupled;
  private final Map<String, Tensor> moments = new LinkedHashMap<>();

  /**
   * @param arena owner of the moments
   * @param beta1 in [0, 1)
   * @param beta2 in [0, 1)
   * @param decoupled AdamW's weight decay
   */
  public Adam(
      Arena arena, List<ParameterGroup> groups, double beta1, double beta2, boolean decoupled) {
    super(groups);
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.decoupled = decoupled;
    for (ParameterGroup group : groups) {
      Tensor p = group.parameter();
      moments.put(group.name() + ".m", arena.allocate(p.dtype(), p.shape()));
      moments.put(group.name() + ".v", arena.allocate(p.dtype(), p.shape()));
    }
  }

  @Override
  void stepGroup(Backend backend, ParameterGroup group, double lr, long step) {
    backend.adamStep(
        group.parameter(),
        group.gradient(),
        moments.get(group.name() + ".m"),
        moments.get(group.name() + ".v"),
        step,
        lr,
        beta1,
        beta2,
        group.eps(),
        group.weightDecay(),
        decoupled);
  }

  @Override
  public Map<String, Tensor> moments() {
    return Map.copyOf(moments);
  }
}
