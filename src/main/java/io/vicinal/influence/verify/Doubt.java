package io.vicinal.influence.verify;

/** What speaks against calling an explanation verified, what speaks loudest first. */
public enum Doubt {
  /** The solve that its scores come from failed: they are no predictions. */
  FAILED("its solve failed"),
  /** The damping lies outside the spectrum's range: whatever follows holds for another problem. */
  DAMPING("the damping lies outside the spectrum"),
  /** Re-convergence moved the measurement so far that the delivered head's question is gone. */
  LEFT("re-convergence left the question"),
  /** Not every top removal was solved again, or there is none. */
  UNSOLVED("not every top removal was solved again"),
  /** A measurement moved against its prediction. */
  SIGN("a removal moved it the other way"),
  /** An effect is no more than the error of solving again. */
  ERROR("an effect is within the error of solving again"),
  /** An effect is too small a share of what it changes. */
  SMALL("an effect is under a thousandth of what was measured"),
  /** A predicted size is too far from the measured one. */
  SIZE("a predicted size is off by more than a quarter"),
  /** The order of the scores changes with the damping, or that is not known. */
  ORDER("its order changes with the damping");

  private final String words;

  Doubt(String words) {
    this.words = words;
  }

  /** As the end of "because ...". */
  @Override
  public String toString() {
    return words;
  }
}
