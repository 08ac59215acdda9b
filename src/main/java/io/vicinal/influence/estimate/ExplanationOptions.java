package io.vicinal.influence.estimate;

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

  /** The defaults of both. */
  public static ExplanationOptions defaults() {
    return new ExplanationOptions(SolveOptions.defaults(), ReconvergenceOptions.defaults());
  }

  /** The same with other options for the linear systems. */
  public ExplanationOptions with(SolveOptions other) {
    return new ExplanationOptions(other, reconvergence);
  }
}
