package io.vicinal.influence.solve;

/**
 * How the solve of one right-hand side ended. A value.
 *
 * @param status how
 * @param iterations steps of the recurrence
 * @param products Hessian-vector products that were spent on it, residual checks included
 * @param trueResidual |b - (M + lambda) x| / |b|, computed anew at the end; 0 for b = 0
 * @param curvature p'(M + lambda)p / p'p of the direction that stopped it, 0 or less; else NaN
 * @param dampingThatWorks a lambda that lifts that curvature above 0, with a margin; else NaN
 */
public record SolveReport(
    Status status,
    int iterations,
    long products,
    double trueResidual,
    double curvature,
    double dampingThatWorks) {

  /** How a solve ends. */
  public enum Status {
    /** The true residual is within the tolerance. */
    CONVERGED,
    /** The right-hand side is zero, and so is the solution. */
    ZERO,
    /** Rounding keeps the true residual above the tolerance; use a finer precision. */
    STALLED,
    /** The limit of products was reached. */
    OUT_OF_PRODUCTS,
    /** The matrix is not positive definite; the solution is where that was found. */
    NEGATIVE_CURVATURE
  }

  /** This, with what an earlier attempt spent. */
  SolveReport after(SolveReport earlier) {
    return new SolveReport(
        status,
        iterations + earlier.iterations,
        products + earlier.products,
        trueResidual,
        curvature,
        dampingThatWorks);
  }

  /** Whether the true residual is within the tolerance. */
  public boolean converged() {
    return status == Status.CONVERGED || status == Status.ZERO;
  }
}
