package io.vicinal.gates;

import java.util.Locale;

/**
 * One line of the gates' table.
 *
 * @param scene data set and damping
 * @param gate its number
 * @param what is measured
 * @param measured value
 * @param least threshold from below, or NaN
 * @param most threshold from above, or NaN; a line without thresholds is for information
 */
public record GateResult(
    String scene, int gate, String what, double measured, double least, double most) {

  static GateResult atLeast(String scene, int gate, String what, double measured, double least) {
    return new GateResult(scene, gate, what, measured, least, Double.NaN);
  }

  static GateResult atMost(String scene, int gate, String what, double measured, double most) {
    return new GateResult(scene, gate, what, measured, Double.NaN, most);
  }

  static GateResult info(String scene, int gate, String what, double measured) {
    return new GateResult(scene, gate, what, measured, Double.NaN, Double.NaN);
  }

  /** Whether it has a threshold. */
  public boolean judged() {
    return !Double.isNaN(least) || !Double.isNaN(most);
  }

  /** Whether the threshold is met; true without one. A NaN measurement misses every threshold. */
  public boolean pass() {
    return (Double.isNaN(least) || measured >= least) && (Double.isNaN(most) || measured <= most);
  }

  /** One row of a table. */
  @Override
  public String toString() {
    String threshold = Double.isNaN(least) ? "" : String.format(Locale.ROOT, ">= %.2f", least);
    threshold += Double.isNaN(most) ? "" : String.format(Locale.ROOT, "<= %.2f", most);
    return String.format(
        Locale.ROOT,
        "%-14s %2d  %-58s %8.3f  %-8s %s",
        scene,
        gate,
        what,
        measured,
        threshold,
        judged() ? (pass() ? "pass" : "MISS") : "");
  }
}
