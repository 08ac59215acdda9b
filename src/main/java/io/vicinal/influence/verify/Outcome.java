package io.vicinal.influence.verify;

import io.vicinal.influence.solve.SolveOutcome;

/**
 * What re-solving the head after an edit did to the measurements. Arrays are not copied: treat them
 * as read-only.
 *
 * @param edit what was changed
 * @param before measurements at the re-converged head of the unchanged training set, by query
 * @param after the same at the re-solved head
 * @param error of after - before, in the measurement's unit, because both heads are only so near to
 *     their minima: to first order an upper bound, see {@link SolveOutcome#distance}; NaN for a
 *     probe without a gradient
 * @param steps Newton steps
 * @param products Hessian-vector products
 * @param gradientNorm of the objective at the re-solved head
 * @param converged whether that is below the tolerance
 * @param seconds wall time
 */
public record Outcome(
    Edit edit,
    double[] before,
    double[] after,
    double[] error,
    int steps,
    long products,
    double gradientNorm,
    boolean converged,
    double seconds) {

  /** after - before of a query. */
  public double change(int query) {
    return after[query] - before[query];
  }
}
