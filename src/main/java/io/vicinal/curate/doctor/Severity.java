package io.vicinal.curate.doctor;

/** How bad a finding is, worst first. */
public enum Severity {
  /** Stops a training, or makes its results wrong. */
  ERROR,
  /** Worth a look: most are faults, some are as they should be. */
  WARNING,
  /** A fact to know; nothing has to be done. */
  NOTE
}
