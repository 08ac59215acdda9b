package io.vicinal.optim;

import io.vicinal.backend.UpdateRule;
import io.vicinal.tensor.Arena;
import java.util.List;

/**
 * RMSprop (Tieleman and Hinton, 2012) with each group's momentum, as {@code torch.optim.RMSprop}:
 *
 * <pre>
 *   g += weightDecay p
 *   s = alpha s + (1 - alpha) g²
 *   centred (Graves, 2013):  a = alpha a + (1 - alpha) g,  s - a² in place of s below
 *   u = g / (sqrt(s) + eps);  v = momentum v + u;  p -= lr v
 * </pre>
 *
 * s - a² is at least 0 here; torch takes the root of what rounding leaves of it. Not thread-safe.
 */
public final class RmsProp extends Optimizer {
  /**
   * @param arena owner of the moments; a group without momentum has no velocity
   * @param alpha in [0, 1)
   */
  public RmsProp(Arena arena, List<ParameterGroup> groups, double alpha, boolean centered) {
    super(
        arena,
        groups,
        centered ? UpdateRule.CENTERED_RMSPROP : UpdateRule.RMSPROP,
        centered ? List.of(".s", ".v", ".g") : List.of(".s", ".v"),
        0,
        alpha);
  }
}
