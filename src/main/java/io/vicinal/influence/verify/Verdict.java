package io.vicinal.influence.verify;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The one rule by which an explanation gets its badge, and the words that say what it rests on.
 * Whatever prints "verified" - a headline, a label, a count - asks here.
 *
 * <ul>
 *   <li><em>verified</em>: the scores were solved, the damping lies within the spectrum's range,
 *       re-convergence did not leave the question; each of the largest predicted removals was
 *       solved again; and each moved the measurement in the predicted direction, by more than the
 *       error of solving again, by at least {@link #SHARE} of the measurement, and by an amount
 *       from which the predicted one differs by at most {@link #SIZE_ERROR} of it. That speaks for
 *       those removals and for no other;
 *   <li><em>predicted, stable</em>: not verified; solved, within the range, the question kept, no
 *       removal that was solved again went the other way or was off by more than {@link #FACTOR}
 *       times, and {@link Stability#isStable};
 *   <li><em>unstable</em>: everything else.
 * </ul>
 *
 * Immutable.
 *
 * @param badge what it earned
 * @param solved how many of its largest predicted removals were solved again
 * @param factor the largest {@link Removal#factor} of those; NaN if there is none
 * @param doubts all that speaks against <em>verified</em>; {@link Doubt#ORDER} alone does not
 */
public record Verdict(Badge badge, int solved, double factor, Set<Doubt> doubts) {
  /** An effect below this share of the measurement proves nothing about it. */
  public static final double SHARE = 1e-3;

  /** The most {@link Removal#sizeError} of any of the removals. */
  public static final double SIZE_ERROR = 0.25;

  /** An explanation of which a size is off by more than so many times is not called stable. */
  public static final double FACTOR = 2;

  /** A measurement that re-convergence raises by more than this share of itself is another one. */
  public static final double QUESTION = 1;

  private static final Set<Doubt> VOID =
      Set.of(Doubt.FAILED, Doubt.DAMPING, Doubt.LEFT, Doubt.SIGN, Doubt.ORDER);

  /** Copies. */
  public Verdict {
    doubts = Set.copyOf(doubts);
  }

  /**
   * One of the largest predicted removals.
   *
   * @param predicted change of the measurement
   * @param actual change after solving again; NaN if that was not done
   * @param level the measurement before
   * @param error of the actual change, 0 or more, in the measurement's unit
   */
  public record Removal(double predicted, double actual, double level, double error) {
    /** |actual - predicted| / |actual|; NaN if it was not solved again. */
    public double sizeError() {
      return Math.abs(actual - predicted) / Math.abs(actual);
    }

    /** How many times the one is the other, at least 1; NaN if it was not solved again. */
    public double factor() {
      double ratio = Math.abs(actual / predicted);
      return Math.max(ratio, 1 / ratio);
    }

    private boolean solved() {
      return !Double.isNaN(actual);
    }

    private Set<Doubt> doubts() {
      Set<Doubt> found = EnumSet.noneOf(Doubt.class);
      if (!solved()) {
        found.add(Doubt.UNSOLVED);
        return found;
      }
      // Written so that a NaN is a doubt.
      double size = Math.abs(actual);
      add(found, Doubt.SIGN, Math.signum(actual) == Math.signum(predicted));
      add(found, Doubt.ERROR, size > error);
      add(found, Doubt.SMALL, size >= SHARE * Math.abs(level));
      add(found, Doubt.SIZE, sizeError() <= SIZE_ERROR);
      return found;
    }

    private static void add(Set<Doubt> found, Doubt doubt, boolean holds) {
      if (!holds) {
        found.add(doubt);
      }
    }
  }

  /**
   * What is known of an explanation before anything is solved again.
   *
   * @param failed whether the solve of its scores failed
   * @param inRange whether the damping lies within the spectrum's range
   * @param delivered the measurement at the delivered head; NaN where {@link #left} says nothing
   * @param start the measurement where effects start
   */
  public static Set<Doubt> known(boolean failed, boolean inRange, double delivered, double start) {
    Set<Doubt> found = EnumSet.noneOf(Doubt.class);
    if (failed) {
      found.add(Doubt.FAILED);
    }
    if (!inRange) {
      found.add(Doubt.DAMPING);
    }
    if (left(delivered, start)) {
      found.add(Doubt.LEFT);
    }
    return found;
  }

  /**
   * Whether re-convergence raised a distance or a margin by more than {@link #QUESTION} of itself:
   * confused samples that end twice as far apart are not those of the question.
   */
  public static boolean left(double delivered, double start) {
    return start - delivered > QUESTION * Math.abs(delivered);
  }

  /**
   * Judges an explanation.
   *
   * @param known doubts that the removals do not show, see {@link #known(boolean, boolean, double,
   *     double)}
   * @param top its largest predicted removals; none is a doubt
   * @param stability of its order, or null if nobody looked
   */
  public static Verdict of(Set<Doubt> known, List<Removal> top, Stability stability) {
    if (known.contains(Doubt.FAILED)) {
      return new Verdict(Badge.UNSTABLE, 0, Double.NaN, known); // nothing was predicted
    }
    Set<Doubt> doubts = EnumSet.noneOf(Doubt.class);
    doubts.addAll(known);
    if (top.isEmpty()) {
      doubts.add(Doubt.UNSOLVED);
    }
    top.forEach(removal -> doubts.addAll(removal.doubts()));
    boolean verified = doubts.isEmpty();
    if (stability == null || !stability.isStable()) {
      doubts.add(Doubt.ORDER);
    }
    List<Removal> solved = top.stream().filter(Removal::solved).toList();
    double factor = solved.stream().mapToDouble(Removal::factor).max().orElse(Double.NaN);
    boolean stable = doubts.stream().noneMatch(VOID::contains) && !(factor > FACTOR);
    return new Verdict(
        verified ? Badge.VERIFIED : stable ? Badge.STABLE : Badge.UNSTABLE,
        solved.size(),
        factor,
        doubts);
  }

  /**
   * The label of one effect of the explanation. An effect is never trusted further than its
   * explanation, and <em>verified</em> is none that was not solved again.
   *
   * @param measured whether it was solved again
   */
  public Badge of(boolean measured) {
    if (measured) {
      return badge == Badge.VERIFIED ? badge : Badge.MEASURED;
    }
    if (badge == Badge.UNSTABLE) {
      return badge;
    }
    boolean doubted = doubts.contains(Doubt.ORDER) || doubts.contains(Doubt.SIZE);
    return doubted ? Badge.PREDICTED : Badge.STABLE;
  }

  /** What the badge rests on, and what speaks against the explanation; empty if there is none. */
  public String detail() {
    List<String> words = new ArrayList<>();
    if (badge == Badge.VERIFIED) {
      words.add(removals(solved) + ", solved again");
    }
    doubts.stream().sorted().map(this::words).forEach(words::add);
    return String.join("; ", words);
  }

  private String words(Doubt doubt) {
    return doubt == Doubt.SIZE && factor > 1.5 ? doubt + " (" + times(factor) + ")" : doubt + "";
  }

  /** "13 times", "1.6 times", "over 100 times". */
  private static String times(double factor) {
    return !(factor <= 100)
        ? "over 100 times"
        : String.format(Locale.ROOT, factor < 10 ? "%.1f times" : "%.0f times", factor);
  }

  /** "the 3 largest predicted removals". */
  public static String removals(int count) {
    return count == 1
        ? "the largest predicted removal"
        : "the " + count + " largest predicted removals";
  }

  /** The badge and its detail: "verified: the 3 largest predicted removals, solved again". */
  @Override
  public String toString() {
    String detail = detail();
    return detail.isEmpty() ? badge.toString() : badge + ": " + detail;
  }
}
