package io.vicinal.influence.solve;

/** The arithmetic of a solve. */
public enum Precision {
  /** The problem's own type throughout. */
  PROBLEM,
  /**
   * The problem's own type; right-hand sides that its rounding keeps from the tolerance are solved
   * again in double precision.
   */
  SURE,
  /** Double precision throughout, on the problem's data. */
  DOUBLE
}
