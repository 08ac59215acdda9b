package io.vicinal.influence.problem;

import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;

/**
 * The proximal objective F(theta) = L(theta) + (lambda/2) |theta - theta_ref|^2, with L = (1/N) sum
 * w_i L_i and theta_ref the delivered parameters. Immutable, safe for any thread.
 *
 * @param targets labels and weights of L
 */
public record Objective(HeadProblem problem, double lambda, Targets targets) {

  /** F, and L alone. */
  public record Value(double objective, double loss) {}

  /** The gradient of L into one vector; returns L. */
  static double gradient(
      HeadProblem problem, Tensor features, Targets targets, HeadTensors at, Directions out) {
    Tensor weight = out.weight().reshape(at.weight().shape().dims());
    Tensor proxies =
        out.proxies() == null ? null : out.proxies().reshape(at.proxies().shape().dims());
    return problem
        .backend()
        .headGradient(
            problem.spec(),
            problem.classes(),
            features,
            targets,
            at,
            null,
            new HeadTensors(weight, null, proxies))
        .loss();
  }

  /** F and its gradient. */
  public Value evaluate(HeadTensors at, Directions gradient) {
    ParameterSpace space = problem.space();
    double loss = gradient(problem, problem.features(), targets, at, gradient);
    try (Arena scratch = new Arena(problem.backend().memory())) {
      Directions offset = space.zeros(scratch, 1);
      space.copy(space.vector(at), offset);
      space.axpy(-1, space.vector(problem.reference()), offset);
      space.axpy(lambda, offset, gradient);
      return new Value(loss + 0.5 * lambda * space.dots(offset, offset)[0], loss);
    }
  }
}
