package io.vicinal.influence.verify;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The one rule by which an explanation gets its badge. Whatever prints "verified" - a headline, a
 * label, a count - asks here.
 *
 * <ul>
 *   <li><em>verified</em>: the damping lies within the spectrum's range; each of the largest
 *       predicted removals was solved again; and each moved the measurement in the predicted
 *       direction, by more than the error of solving again, by at least {@link #SHARE} of the
 *       measurement, and by an amount from which the predicted one differs by at most {@link
 *       #SIZE_ERROR} of it;
 *   <li><em>predicted, stable</em>: not verified; the damping lies within the range, no removal
 *       that was solved again went the other way, and {@link Stability#isStable};
 *   <li><em>unstable</em>: everything else.
 * </ul>
 *
 * Immutable.
 *
 * @param badge what it earned
 * @param doubts all that speaks against <em>verified</em>; {@link Doubt#ORDER} alone does not
 */
public record Verdict(Badge badge, Set<Doubt> doubts) {
  /** An effect below this share of the measurement proves nothing about it. */
  public static final double SHARE = 1e-3;

  /** The most {@link Removal#sizeError} of any of the removals. */
  public static final double SIZE_ERROR = 0.25;

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
   * Judges an explanation.
   *
   * @param inRange whether the damping lies within the spectrum's range
   * @param top its largest predicted removals; none is a doubt
   * @param stability of its order, or null if nobody looked
   */
  public static Verdict of(boolean inRange, List<Removal> top, Stability stability) {
    Set<Doubt> doubts = EnumSet.noneOf(Doubt.class);
    if (!inRange) {
      doubts.add(Doubt.DAMPING);
    }
    if (top.isEmpty()) {
      doubts.add(Doubt.UNSOLVED);
    }
    top.forEach(removal -> doubts.addAll(removal.doubts()));
    boolean verified = doubts.isEmpty();
    if (stability == null || !stability.isStable()) {
      doubts.add(Doubt.ORDER);
    }
    boolean stable =
        !doubts.contains(Doubt.DAMPING)
            && !doubts.contains(Doubt.SIGN)
            && !doubts.contains(Doubt.ORDER);
    return new Verdict(verified ? Badge.VERIFIED : stable ? Badge.STABLE : Badge.UNSTABLE, doubts);
  }

  /**
   * The label of one effect of the explanation. An effect is never trusted further than its
   * explanation.
   *
   * @param measured whether it is one of the removals that were solved again
   */
  public Badge of(boolean measured) {
    if (badge != Badge.VERIFIED || measured) {
      return badge;
    }
    return doubts.contains(Doubt.ORDER) ? Badge.UNSTABLE : Badge.STABLE;
  }
}
