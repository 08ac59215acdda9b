package io.vicinal.optim;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stochastic gradient descent with momentum, as {@code torch.optim.SGD}:
 *
 * <pre>  g += weightDecay p;  v = g at the first step, else momentum v + g;  p -= lr v</pre>
 *
 * Not thread-safe.
 */
public final class Sgd extends Optimizer {

  private final double momentum;
  private final Map<String, Tensor> velocities = new LinkedHashMap<>();

  /**
   * @param arena owner of the velocities; none are kept when the momentum is 0
   * @param momentum in [0, 1)
   */
  public Sgd(Arena arena, List<ParameterGroup> groups, double momentum) {
    super(groups);
    this.momentum = momentum;
    if (momentum > 0) {
      for (ParameterGroup group : groups) {
        Tensor p = group.parameter();
        velocities.put(group.name() + ".v", arena.allocate(p.dtype(), p.shape()));
      }
    }
  }

  @Override
  void stepGroup(Backend backend, ParameterGroup group, double lr, long step) {
    backend.sgdStep(
        group.parameter(),
        group.gradient(),
        velocities.get(group.name() + ".v"),
        lr,
        momentum,
        group.weightDecay(),
        step == 1);
  }

  @Override
  public Map<String, Tensor> moments() {
    return Map.copyOf(velocities);
  }
}
