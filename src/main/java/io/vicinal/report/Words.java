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
    return removal(effect, query, "its wrong neighbour", unit);
  }

  /** The same of several queries: "away from their wrong neighbours ... on average". */
  public static String removalOfMany(Effect effect, String queries, String unit) {
    return removal(effect, queries, "their wrong neighbours", unit + " on average");
  }

  private static String removal(Effect effect, String query, String neighbour, String unit) {
    boolean measured = effect.measured() != null;
    double change = measured ? effect.measured() : effect.predicted();
    return String.format(
        Locale.ROOT,
        "Removing %s %s %s %s %s by %s %s (%s).",
        effect.sample().name(),
        measured ? "moves" : "would move",
        query,
        change >= 0 ? "away from" : "towards",
        neighbour,
        signed(change),
        unit,
        effect.badge().words());
  }

  /**
   * "Removing image 1234 raises the smoothed recall at 5 of class 3 by 0.0012 (verified)." As
   * {@link #removal}, for measurements that are not the distance to a wrong neighbour.
   */
  public static String raising(Effect effect, String what) {
    boolean measured = effect.measured() != null;
    double change = measured ? effect.measured() : effect.predicted();
    String verb = change >= 0 ? "raise" : "lower";
    return String.format(
        Locale.ROOT,
        "Removing %s %s %s by %s (%s).",
        effect.sample().name(),
        measured ? verb + "s" : "would " + verb,
        what,
        signed(Math.abs(change)).replace("+", ""),
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
