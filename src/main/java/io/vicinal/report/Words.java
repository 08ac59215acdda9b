package io.vicinal.report;

import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Miniature;
import java.util.Locale;

/** Effects as sentences. Stateless. */
public final class Words {
  private static final int FINEST = 6; // decimals that a person still reads

  private Words() {}

  /**
   * "Removing image 1234 moves query 412 away from its wrong neighbour: squared distance 0.116 to
   * 0.198 (verified)", with an arrow. What was measured stands before what was predicted.
   *
   * @param start the measurement before the removal
   */
  public static String removal(Effect effect, String query, String unit, double start) {
    return removal(effect, query, "its wrong neighbour", unit, start);
  }

  /** The same of several queries: "away from their wrong neighbours: mean squared distance". */
  public static String removalOfMany(Effect effect, String queries, String unit, double start) {
    return removal(effect, queries, "their wrong neighbours", "mean " + unit, start);
  }

  private static String removal(
      Effect effect, String query, String neighbour, String unit, double start) {
    boolean measured = effect.measured() != null;
    double change = measured ? effect.measured() : effect.predicted();
    return String.format(
        Locale.ROOT,
        "Removing %s %s %s %s %s: %s %s (%s).",
        effect.sample().name(),
        measured ? "moves" : "would move",
        query,
        change >= 0 ? "away from" : "towards",
        neighbour,
        unit,
        change(start, change),
        effect.badge());
  }

  /**
   * "Removing image 1234 raises the smoothed recall at 5 of class 3: 0.5123 to 0.5135 (verified)".
   * As {@link #removal}, for measurements that are not the distance to a wrong neighbour.
   */
  public static String raising(Effect effect, String what, double start) {
    boolean measured = effect.measured() != null;
    double change = measured ? effect.measured() : effect.predicted();
    String verb = change >= 0 ? "raise" : "lower";
    return String.format(
        Locale.ROOT,
        "Removing %s %s %s: %s (%s).",
        effect.sample().name(),
        measured ? verb + "s" : "would " + verb,
        what,
        change(start, change),
        effect.badge());
  }

  /**
   * "0.12 to 0.13" with an arrow, with as many decimals as show the change; where nobody would read
   * so many: "0.12, by less than 0.000001".
   */
  public static String change(double start, double change) {
    if (!Double.isFinite(start) || !Double.isFinite(change)) {
      return "by " + signed(change);
    }
    int digits = change == 0 ? 3 : 1 - (int) Math.floor(Math.log10(Math.abs(change)));
    int decimals = Math.max(2, Math.min(FINEST, digits));
    String form = "%." + decimals + "f";
    String from = String.format(Locale.ROOT, form, start);
    String to = String.format(Locale.ROOT, form, start + change);
    return from.equals(to)
        ? String.format(Locale.ROOT, "%.3f, by less than 0.000001", start)
        : from + " \u2192 " + to;
  }

  /**
   * What re-convergence did to a measurement before any effect.
   *
   * @return null where three digits do not show it
   */
  public static String moved(String unit, double delivered, double start) {
    if (!Double.isFinite(delivered) || !Double.isFinite(start) || same(delivered, start)) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "Re-convergence moved the %s from %s (as delivered) to %s; effects start there.",
        unit,
        digits(delivered),
        digits(start));
  }

  /** Whether three digits show no difference. */
  public static boolean same(double a, double b) {
    return digits(a).equals(digits(b));
  }

  private static String digits(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  /** The verdicts of several explanations in a sentence. */
  public static String verdicts(Miniature miniature) {
    return String.format(
        Locale.ROOT,
        "Of %d explanations %d are verified by solving again, %d predicted and stable, %d"
            + " unstable.",
        miniature.queries().size(),
        miniature.count(Badge.VERIFIED),
        miniature.count(Badge.STABLE),
        miniature.count(Badge.UNSTABLE));
  }

  /** With a sign and two significant digits, at most six decimals: +0.08, -1.2, +0.00034. */
  public static String signed(double value) {
    if (!Double.isFinite(value) || value == 0) {
      return value == 0 ? "0" : "unknown";
    }
    int decimals = Math.max(0, 1 - (int) Math.floor(Math.log10(Math.abs(value))));
    if (decimals <= FINEST) {
      return String.format(Locale.ROOT, "%+." + decimals + "f", value);
    }
    return Math.abs(value) < 1e-6
        ? "less than 0.000001"
        : String.format(Locale.ROOT, "%+." + FINEST + "f", value);
  }
}
