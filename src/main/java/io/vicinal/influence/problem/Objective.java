package io.vicinal.influence.problem;

import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;

/**
 * The proximal objective F(theta) = L(theta) + (lambda/2) |theta - theta_ref|^2. Immutable, safe
 * for any thread.
 *
 * @param loss L
 * @param reference theta_ref, the delivered parameters
 */
public record Objective(
    ParameterSpace space, EmpiricalLoss loss, HeadTensors reference, double lambda) {

  /** F, and L alone. */
  public record Value(double objective, double loss) {}

  /** F and its gradient. */
  public Value evaluate(HeadTensors at, Directions gradient) {
    double value = loss.gradient(at, gradient);
    try (Arena scratch = new Arena(space.backend().memory())) {
      Directions offset = space.zeros(scratch, 1);
      space.copy(space.vector(at), offset);
      space.axpy(-1, space.vector(reference), offset);
      space.axpy(lambda, offset, gradient);
      return new Value(value + 0.5 * lambda * space.dots(offset, offset)[0], value);
    }
  }
}
