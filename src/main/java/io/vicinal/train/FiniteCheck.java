package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.optim.Optimizer;
import io.vicinal.optim.ParameterGroup;
import io.vicinal.tensor.Tensor;
import java.util.Set;
import java.util.function.Function;

/**
 * What stops a training: a loss, a gradient or a parameter that is NaN or infinite, looked for in
 * this order within a step. Parts that are frozen are left out.
 *
 * @param error of a tensor's name, with the step and the batch
 */
record FiniteCheck(
    Backend backend,
    Optimizer optimizer,
    Set<String> frozen,
    Function<String, DivergedException> error) {

  void loss(double loss) {
    if (!Double.isFinite(loss)) {
      throw error.apply("loss");
    }
  }

  void gradients() {
    for (ParameterGroup group : optimizer.groups()) {
      check(group, "gradient of ", group.gradient());
    }
  }

  void parameters() {
    for (ParameterGroup group : optimizer.groups()) {
      check(group, "", group.parameter());
    }
  }

  private void check(ParameterGroup group, String what, Tensor tensor) {
    if (!frozen.contains(group.name()) && backend.findNonFinite(tensor) >= 0) {
      throw error.apply(what + group.name());
    }
  }
}
