package io.vicinal.curate.reweight;

import io.vicinal.InputException;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.solve.Reconvergence;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOutcome;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * The exact counterpart of {@link FineTune}: the parameters that minimise the re-weighted, damped
 * objective, found by Newton's method. No learning rate, no seed, no order of batches. Compare it
 * with the minimiser under unchanged weights, not with the delivered head. Stateless; for one
 * thread per problem.
 */
public final class Refit {
  private Refit() {}

  /**
   * @param lambda the damping
   * @param weights [N], or null for the problem's own
   * @param arena owner of the head, in the delivered basis
   * @throws InputException if the weights do not fit
   */
  public static Head run(
      HeadProblem problem,
      double lambda,
      double[] weights,
      ReconvergenceOptions options,
      Arena arena) {
    try (Arena own = new Arena(problem.backend().memory())) {
      Targets targets = problem.targets();
      if (weights != null) {
        check(weights, problem.samples());
        Tensor tensor = own.allocate(problem.dtype(), weights.length);
        tensor.set(weights);
        targets = new Targets(problem.labels(), tensor, null);
      }
      SolveOutcome converged = Reconvergence.run(problem, lambda, targets, null, options, own);
      HeadTensors head = problem.toDelivered(converged.head(), arena);
      return new Head(head.weight(), head.bias(), head.proxies());
    }
  }

  private static void check(double[] weights, long samples) {
    if (weights.length != samples) {
      throw new InputException(
          "weights: " + weights.length + " for " + samples + " samples; give one each");
    }
    if (!Arrays.stream(weights).allMatch(w -> w >= 0 && !Double.isInfinite(w))) {
      throw new InputException("weights: one is negative, NaN or infinite; give 0 or more");
    }
  }
}
