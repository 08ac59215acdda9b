package io.vicinal.report;

import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Verdict;
import java.util.List;
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
    double change = change(effect);
    return String.format(
        Locale.ROOT,
        "%semoving %s %s %s %s %s: %s %s%s",
        opening(effect),
        effect.sample().name(),
        verb(effect, "move"),
        query,
        change >= 0 ? "away from" : "towards",
        neighbour,
        unit,
        change(start, change),
        ending(effect));
  }

  private static double change(Effect effect) {
    return effect.measured() != null ? effect.measured() : effect.predicted();
  }

  /** What must not be acted on says so before it says anything else. */
  private static String opening(Effect effect) {
    return effect.badge() == Badge.UNSTABLE ? "Unstable, do not act on it: r" : "R";
  }

  private static String verb(Effect effect, String verb) {
    return effect.measured() != null
        ? verb + "s"
        : (effect.badge() == Badge.UNSTABLE ? "was predicted to " : "would ") + verb;
  }

  /** The badge, and the prediction that a measured effect does not confirm. */
  private static String ending(Effect effect) {
    return switch (effect.badge()) {
      case UNSTABLE -> ".";
      case MEASURED -> " (measured; predicted " + signed(effect.predicted()) + ").";
      default -> " (" + effect.badge() + ").";
    };
  }

  /**
   * "Removing image 1234 raises the smoothed recall at 5 of class 3: 0.5123 to 0.5135 (verified)".
   * As {@link #removal}, for measurements that are not the distance to a wrong neighbour.
   */
  public static String raising(Effect effect, String what, double start) {
    double change = change(effect);
    return String.format(
        Locale.ROOT,
        "%semoving %s %s %s: %s%s",
        opening(effect),
        effect.sample().name(),
        verb(effect, change >= 0 ? "raise" : "lower"),
        what,
        change(start, change),
        ending(effect));
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
        "Re-convergence moved the %s from %s (as delivered) to %s; effects start there.%s",
        unit,
        digits(delivered),
        digits(start),
        !unit.equals("recall") && Verdict.left(delivered, start)
            ? " It is more than twice what was asked about: this is another question than that of"
                + " the delivered head. A larger damping stays nearer to it."
            : "");
  }

  /** Whether three digits show no difference. */
  public static boolean same(double a, double b) {
    return digits(a).equals(digits(b));
  }

  private static String digits(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  /** The verdicts of several explanations: how many of each, and what "verified" covers. */
  public static String verdicts(Miniature miniature) {
    long verified = miniature.count(Badge.VERIFIED);
    String counts =
        String.format(
            Locale.ROOT,
            "Of %d explanations %d are verified by solving again, %d predicted and stable, %d"
                + " unstable.",
            miniature.queries().size(),
            verified,
            miniature.count(Badge.STABLE),
            miniature.count(Badge.UNSTABLE));
    return verified == 0 ? counts : counts + " " + covered(miniature);
  }

  private static String covered(Miniature miniature) {
    List<Miniature.Line> verified =
        miniature.queries().stream().filter(line -> line.badge() == Badge.VERIFIED).toList();
    int most = verified.stream().mapToInt(line -> line.verdict().solved()).max().orElse(0);
    long shaky = verified.stream().filter(l -> l.verdict().doubts().contains(Doubt.ORDER)).count();
    return "Verified is what was solved again, "
        + Verdict.removals(most)
        + " of each, and nothing else: a sample with a small predicted effect may have a larger"
        + " one."
        + (shaky == 0 ? "" : " The order of " + shaky + " verified changes with the damping.");
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
