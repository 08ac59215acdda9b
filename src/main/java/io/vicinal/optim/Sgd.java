package io.vicinal.optim;

import io.vicinal.backend.UpdateRule;
import io.vicinal.tensor.Arena;
import java.util.List;

/**
 * Stochastic gradient descent with each group's momentum, as {@code torch.optim.SGD}:
 *
 * <pre>
 *   g += weightDecay p;  v = g at the first step, else momentum v + g
 *   p -= lr v            Nesterov:  p -= lr (g + momentum v)
 * </pre>
 *
 * Not thread-safe.
 */
public final class Sgd extends Optimizer {
  /**
   * @param arena owner of the velocities; a group without momentum has none
   */
  public Sgd(Arena arena, List<ParameterGroup> groups, boolean nesterov) {
    super(arena, groups, nesterov ? UpdateRule.NESTEROV : UpdateRule.SGD, List.of(".v"), 0, 0);
  }
}
