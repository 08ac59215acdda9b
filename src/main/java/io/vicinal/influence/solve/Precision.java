package io.vicinal.influence.solve;

/** The arithmetic of a solve. */
public enum Precision {
  /** The problem's own type throughout. */
  PROBLEM,
  /** Double precision throughout, on the problem's data. */
  DOUBLE,
  /**
   * Inner solves in the problem's type; residuals and the solution in double precision, until the
   * tolerance holds for the double-precision system.
   */
  REFINED
}
