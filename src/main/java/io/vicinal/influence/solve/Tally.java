package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.ParameterSpace;

/** What the blocks of one solve have in common: progress, and the worst direction. One thread. */
final class Tally {
  private final Progress progress;
  private final String stage;
  private final long total;
  private long done;
  private Directions worst;
  private int worstRhs = -1;
  private double worstCurvature;

  Tally(Progress progress, String stage, long total) {
    this.progress = progress;
    this.stage = stage;
    this.total = total;
  }

  /** One step of a block was done. */
  void step(LinearSystem system, double residual) {
    progress.at(stage, done, total, system.products(), residual);
  }

  void finished(long count) {
    done += count;
  }

  /** Keeps the direction with the lowest curvature p'(M + lambda)p / p'p, copied into spare. */
  void negative(ParameterSpace space, int rhs, Directions p, double curvature, Directions spare) {
    if (worst == null || curvature < worstCurvature) {
      space.copy(p, spare);
      worst = spare;
      worstRhs = rhs;
      worstCurvature = curvature;
    }
  }

  /** That direction, or null if every curvature was positive. */
  Directions worst() {
    return worst;
  }

  int worstRhs() {
    return worstRhs;
  }
}
