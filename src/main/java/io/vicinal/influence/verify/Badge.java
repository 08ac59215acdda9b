package io.vicinal.influence.verify;

/** How far an explanation can be trusted, as {@link Miniature} found out. */
public enum Badge {
  /** Its top removals were re-solved: every sign was right, and sizes within the stated error. */
  VERIFIED("verified"),
  /** Not verified, not contradicted, and {@link Stability#isStable}. */
  STABLE("predicted, stable"),
  /** Its order changes with the damping, or re-solving contradicted the sign of a top removal. */
  UNSTABLE("unstable");

  private final String words;

  Badge(String words) {
    this.words = words;
  }

  /** As reports print it. */
  @Override
  public String toString() {
    return words;
  }
}
