package io.vicinal.report;

import java.util.Locale;

/** Effects as sentences. Stateless. */
public final class Words {
  private Words() {}

  /**
   * "Removing image 1234 would move query 412 away from its wrong neighbour by +0.08 squared
   * distance (verified)." What was measured stands before what was predicted.
   */
  public static String removal(Effect effect, String query, String unit) {
    boolean measured = effect.measured() != null;
    double change = measured ? effect.measured() : effect.predicted();
    return String.format(
        Locale.ROOT,
        "Removing %s %s %s %s its wrong neighbour by %s %s (%s).",
        effect.sample().name(),
        measured ? "moves" : "would move",
        query,
        change >= 0 ? "away from" : "towards",
        signed(change),
        unit,
        effect.badge().words());
  }

  /** With a sign and two significant digits: +0.08, -1.2, +0.00034. */
  public static String signed(double value) {
    if (!Double.isFinite(value) || value == 0) {
      return value == 0 ? "0" : "unknown";
    }
    int decimals = Math.max(0, 1 - (int) Math.floor(Math.log10(Math.abs(value))));
    return decimals > 6
        ? String.format(Locale.ROOT, "%+.1e", value)
        : String.format(Locale.ROOT, "%+." + decimals + "f", value);
  }
}
