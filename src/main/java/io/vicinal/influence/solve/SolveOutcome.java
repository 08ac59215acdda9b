package io.vicinal.influence.solve;

import io.vicinal.backend.HeadTensors;

/**
 * Where re-convergence ended. Its tensors belong to the arena that was given.
 *
 * @param head the parameters, in the problem's basis
 * @param lambda the damping
 * @param steps Newton steps
 * @param products Hessian-vector products
 * @param evaluations of the objective and its gradient; each costs about a product
 * @param objective L + (lambda/2) |theta - theta_ref|^2
 * @param loss L
 * @param gradientNorm of the objective
 * @param relativeGradient that over the norm of L's gradient at the delivered parameters
 * @param status how it ended
 * @param negativeCurvature whether the last Newton system was indefinite
 */
public record SolveOutcome(
    HeadTensors head,
    double lambda,
    int steps,
    long products,
    long evaluations,
    double objective,
    double loss,
    double gradientNorm,
    double relativeGradient,
    Status status,
    boolean negativeCurvature) {

  /** How re-convergence ends. */
  public enum Status {
    /** The gradient is within the tolerance. */
    CONVERGED,
    /** Rounding hides any further descent; the gradient is as small as the type allows. */
    ROUNDING,
    /** The limit of steps or products was reached, or somebody said that it is enough. */
    OUT_OF_BUDGET
  }

  /**
   * How far the minimum is at most, |grad F| / lambda, where L has no negative curvature on the way
   * (Nesterov, Lectures on Convex Optimization, theorem 2.1.10): a measurement whose gradient has
   * norm g is off by about g times this at most.
   */
  public double distance() {
    return gradientNorm / lambda;
  }

  /** Whether the gradient is within the tolerance. */
  public boolean converged() {
    return status == Status.CONVERGED;
  }
}
