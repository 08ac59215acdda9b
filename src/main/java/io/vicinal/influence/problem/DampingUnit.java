package io.vicinal.influence.problem;

/** What a damping is counted in: some mean of the curvature's eigenvalues by the weight. */
public enum DampingUnit {
  /** Of the Gauss-Newton matrix, or of the empirical Fisher matrix where there is none. */
  MEAN("mean eigenvalue"),
  /**
   * Of the Hessian, for losses that are no sum over samples: its negative eigenvalues would cancel
   * positive ones in a plain mean.
   */
  QUADRATIC_MEAN("quadratic mean eigenvalue");

  private final String words;

  DampingUnit(String words) {
    this.words = words;
  }

  /** As after "10x the". */
  @Override
  public String toString() {
    return words;
  }
}
