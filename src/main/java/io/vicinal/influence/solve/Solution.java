package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import java.util.Comparator;
import java.util.List;

/**
 * Solutions of many systems with one matrix. Its tensors belong to the arena that was given.
 *
 * @param x [m, ...], in the right-hand sides' order
 * @param lambda the damping
 * @param reports one per right-hand side
 * @param products all that was spent: the reports' and what explained negative curvature
 */
public record Solution(Directions x, double lambda, List<SolveReport> reports, long products) {

  /** Whether every true residual is within the tolerance. */
  public boolean converged() {
    return reports.stream().allMatch(SolveReport::converged);
  }

  /** The largest true residual. */
  public double worstResidual() {
    return reports.stream().mapToDouble(SolveReport::trueResidual).max().orElse(0);
  }

  /**
   * This, if no negative curvature was met.
   *
   * @throws NegativeCurvatureException with the damping that would work
   */
  public Solution requireDefinite() {
    reports.stream()
        .filter(r -> r.status() == SolveReport.Status.NEGATIVE_CURVATURE)
        .max(Comparator.comparingDouble(SolveReport::dampingThatWorks))
        .ifPresent(
            r -> {
              throw new NegativeCurvatureException(lambda, r.curvature(), r.dampingThatWorks());
            });
    return this;
  }
}
