package io.vicinal.explain;

import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Outcome;
import io.vicinal.influence.verify.Stability;
import java.util.List;

/**
 * What helps where explanations that were checked do not hold, and what it takes, judged by what
 * was spent. A value; times are in seconds, NaN where nothing tells.
 *
 * @param nothing whether no training sample has an effect on what was asked
 * @param doubtful whether most explanations are unstable, or most sizes did not hold
 * @param longer what solving all of them again takes; null if all were
 * @param multiple the damping to try, over its unit; NaN where none would be better
 * @param needsMore whether a third of the damping was not enough to solve what was asked
 * @param newtonLoo whether newton-loo would follow the effects further than what was asked for
 * @param scoring one more scoring
 * @param newtonLooScoring the same by newton-loo
 * @param experiments those of a verification by its defaults
 */
public record Advice(
    boolean nothing,
    boolean doubtful,
    Longer longer,
    double multiple,
    boolean needsMore,
    boolean newtonLoo,
    double scoring,
    double newtonLooScoring,
    double experiments) {
  /** What is advised where lambda hides the curvature. */
  private static final double WITHIN = 10;

  /**
   * What solving all again takes: as long for each as for those that were done; if none was, the
   * time of one is only known to be more than was given.
   *
   * @param done how many were
   * @param planned how many were to be
   * @param needed time for all
   * @param asked time to give, two digits rounded up: a fifth more, for solves differ, and more
   *     than what did not suffice
   */
  public record Longer(int done, int planned, double needed, long asked) {
    private static Longer of(Miniature miniature, double budget) {
      int done = miniature.outcomes().size();
      double each = Double.isNaN(each(miniature)) ? budget : each(miniature);
      double needed = Math.max(miniature.seconds() + miniature.skipped() * each, 1);
      double asked = Math.max(1.2 * needed, 2 * budget);
      double digit = Math.max(1, Math.pow(10, Math.floor(Math.log10(asked)) - 1));
      long rounded = (long) (digit * Math.ceil(asked / digit));
      return new Longer(done, done + miniature.skipped(), needed, rounded);
    }
  }

  /**
   * Judges a check.
   *
   * @param damping in use
   * @param methods that were asked
   * @param model whose training set and loss it is
   * @param queries that were asked
   * @param seconds that their scores took
   * @param budget in seconds, of solving again; infinite if there was no limit
   */
  public static Advice of(
      Miniature miniature,
      Damping damping,
      List<String> methods,
      HeadModel model,
      int queries,
      double seconds,
      double budget) {
    int all = miniature.queries().size();
    long off = miniature.count(Doubt.SIZE);
    VerifyPlan plan = VerifyPlan.defaults();
    int removals = 1; // those of a query together
    double own = plan.leaveOut() + removals + 2 * plan.leaveOut() + plan.relabel();
    return new Advice(
        miniature.queries().stream().allMatch(line -> line.top().length == 0)
            && miniature.count(Doubt.FAILED) == 0,
        2 * Math.max(miniature.count(Badge.UNSTABLE), off) > all,
        miniature.skipped() > 0 ? Longer.of(miniature, budget) : null,
        better(miniature, damping),
        needsMore(miniature),
        2 * off > all && !methods.contains("newton-loo") && model.loss().decomposes(),
        seconds,
        (double) NewtonLoo.defaults().solves(queries, model.samples()) / queries * seconds,
        (plan.controls() + own * queries) * each(miniature));
  }

  /**
   * A verification by its defaults, which scores at the damping and at others.
   *
   * @param byNewtonLoo whether by newton-loo
   */
  public double verifying(boolean byNewtonLoo) {
    return (1 + Stability.FACTORS.size()) * (byNewtonLoo ? newtonLooScoring : scoring)
        + experiments;
  }

  private static double each(Miniature miniature) {
    return miniature.outcomes().stream().mapToDouble(Outcome::seconds).average().orElse(Double.NaN);
  }

  private static double better(Miniature miniature, Damping damping) {
    double now = damping.multiple();
    if (!(now > 0) || !damping.isWithinSpectrum()) {
      return now > 0 && !needsMore(miniature) ? WITHIN : Double.NaN;
    }
    // An order that already agrees with that at three times the damping needs no more than that.
    long steady =
        miniature.queries().stream()
            .filter(line -> line.stability() != null)
            .filter(line -> line.stability().spearman()[2] >= Stability.STABLE)
            .count();
    double factor = 2 * steady > miniature.queries().size() ? 3 : 10;
    double next = Math.min(Math.max(1, factor * now), Damping.SPECTRUM);
    return next > now * 1.01 ? next : Double.NaN;
  }

  private static boolean needsMore(Miniature miniature) {
    return miniature.queries().stream()
        .filter(line -> line.stability() != null)
        .anyMatch(line -> Double.isNaN(line.stability().spearman()[1]));
  }
}
