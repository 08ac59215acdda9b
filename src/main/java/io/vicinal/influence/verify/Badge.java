package io.vicinal.influence.verify;

/**
 * How far an explanation, or one effect of it, can be trusted, as {@link Verdict} found. The word
 * alone says too little: {@link Verdict#detail} stands beside it.
 */
public enum Badge {
  /** Its top removals were solved again, and nothing in {@link Doubt} but the order is against. */
  VERIFIED("verified"),
  /** Not verified, not contradicted, and its order hardly changes with the damping. */
  STABLE("predicted, stable"),
  /** Anything else that was looked at: do not act on it alone. */
  UNSTABLE("unstable"),
  /** Of an effect: solved again, in an explanation that is not verified. */
  MEASURED("measured"),
  /** Nobody looked; or an effect that was not solved again, where order or sizes are doubted. */
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
