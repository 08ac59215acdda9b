package io.vicinal.optim;

import io.vicinal.backend.UpdateRule;
import io.vicinal.tensor.Arena;
import java.util.List;

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
  /**
   * @param arena owner of the moments
   * @param beta1 in [0, 1)
   * @param beta2 in [0, 1)
   * @param decoupled AdamW's weight decay
   */
  public Adam(
      Arena arena, List<ParameterGroup> groups, double beta1, double beta2, boolean decoupled) {
    super(
        arena,
        groups,
        decoupled ? UpdateRule.ADAMW : UpdateRule.ADAM,
        List.of(".m", ".v"),
        beta1,
        beta2);
  }
}
