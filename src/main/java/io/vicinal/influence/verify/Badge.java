package io.vicinal.influence.verify;

/** How far an explanation can be trusted, as {@link Verdict} found. */
public enum Badge {
  /** Its top removals were solved again, and nothing in {@link Doubt} speaks against it. */
  VERIFIED("verified"),
  /** Not verified, not contradicted, and its order hardly changes with the damping. */
  STABLE("predicted, stable"),
  /** Anything else that was looked at: do not act on it alone. */
  UNSTABLE("unstable"),
  /** Nobody looked. */
  PREDICTED("predicted");

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
