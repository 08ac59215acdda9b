package io.vicinal.curate.study;

/** How the recommendations of one class are spread. */
public enum Category {
  /** Every sample is recommended its own class. */
  NONE,
  /**
   * At least 10 % differ, and they agree on one other class: a duplicate or a mislabelled batch.
   */
  CENTRALIZED,
  /** At least 10 % differ, towards several classes: a class that is hard to tell apart. */
  DIVERSIFIED,
  /** At most 5 % differ: single mistakes. */
  INDIVIDUAL,
  /** Between 5 % and 10 % differ. */
  OTHER;

  /** How {@link #CENTRALIZED} is told from {@link #DIVERSIFIED}. */
  public enum Rule {
    /** The most recommended other class has at least 0.9 of what differs. */
    SHARE,
    /**
     * The entropy of the other classes' frequencies is below 0.35 (natural logarithm, not
     * renormalised). Because of that missing normalisation a class of which about a quarter to a
     * half moves to one other class counts as diversified.
     */
    ENTROPY
  }
}
