package io.vicinal.influence.attribution;

import io.vicinal.influence.solve.Precision;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOptions;
import java.util.Objects;

/**
 * How an {@link Explanation} solves. A value.
 *
 * @param solve for the linear systems
 * @param reconvergence for the re-converged point
 */
public record ExplanationOptions(SolveOptions solve, ReconvergenceOptions reconvergence) {
  public ExplanationOptions {
    Objects.requireNonNull(solve, "solve");
    Objects.requireNonNull(reconvergence, "reconvergence");
  }

  /** The defaults of both; what single precision cannot solve is solved in double. */
  public static ExplanationOptions defaults() {
    return new ExplanationOptions(
        SolveOptions.defaults().with(Precision.SURE), ReconvergenceOptions.defaults());
  }

  /**
   * The same with other options for the linear systems. A finer tolerance than the re-converged
   * point's holds for that point too, for a solve is as good as the point it is made at.
   */
  public ExplanationOptions with(SolveOptions other) {
    double tolerance = Math.min(reconvergence.tolerance(), other.tolerance());
    return new ExplanationOptions(other, reconvergence.withTolerance(tolerance));
  }
}
