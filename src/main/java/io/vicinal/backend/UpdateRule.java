package io.vicinal.backend;

import java.util.List;

/**
 * How an optimiser moves a parameter, as torch.optim has it; {@code vicinal.h} has the formulas.
 */
public enum UpdateRule {
  /** Stochastic gradient descent, with momentum where a parameter has it. */
  SGD("velocity"),
  /** The same with Nesterov's momentum. */
  NESTEROV("velocity"),
  /** Kingma and Ba, arXiv 1412.6980. */
  ADAM("first moment", "second moment"),
  /** Adam with decoupled weight decay: Loshchilov and Hutter, arXiv 1711.05101. */
  ADAMW("first moment", "second moment"),
  /** Tieleman and Hinton 2012, with momentum where a parameter has it. */
  RMSPROP("mean square", "velocity"),
  /** The same, its squares centred on the mean gradient: Graves, arXiv 1308.0850. */
  CENTERED_RMSPROP("mean square", "velocity", "mean gradient");

  private final List<String> states;

  UpdateRule(String... states) {
    this.states = List.of(states);
  }

  /** What the rule remembers of each parameter, in this order; a velocity only with momentum. */
  public List<String> states() {
    return states;
  }
}
