package io.vicinal.cli.explain;

import io.vicinal.cli.common.Text;
import io.vicinal.influence.estimate.NewtonLoo;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Stability;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a reader can do next about explanations that are not verified, and what it costs, judged by
 * what was spent here.
 *
 * @param advice sentences; empty where most explanations hold
 * @param command the next one, whole; null if this was it
 */
record NextSteps(List<String> advice, String command) {
  /** Experiments of 'explain verify' for each query, by its defaults, beside the random ones. */
  private static final int EXPERIMENTS = 3 + 1 + 2 * 3 + 3;

  private static final int CONTROLS = 5;

  /** How often 'explain verify' scores: at the damping and at four others. */
  private static final int SCORINGS = 1 + Stability.FACTORS.size();

  /**
   * @param miniature what was checked
   * @param damping in use
   * @param method that was checked
   * @param queries that were asked
   * @param samples of the training set
   * @param seconds that their scores took
   * @param command 'explain verify' with the inputs in use, or null if this was it
   */
  static NextSteps of(
      Miniature miniature,
      Damping damping,
      String method,
      int queries,
      long samples,
      double seconds,
      String command) {
    double resolve =
        miniature.outcomes().stream().mapToDouble(o -> o.seconds()).average().orElse(Double.NaN);
    List<String> advice = new ArrayList<>();
    int all = miniature.queries().size();
    if (2 * miniature.count(Badge.UNSTABLE) > all) {
      advice.add(reasons(miniature));
      advice.add(damping(miniature, damping, seconds));
      if (2 * miniature.count(Doubt.SIZE) > all && !method.equals("newton-loo")) {
        NewtonLoo loo = NewtonLoo.defaults();
        double solves =
            samples <= loo.everyone()
                ? samples
                : Math.min(samples, 1.0 * queries * loo.shortlist());
        advice.add(
            "Or --method newton-loo, which follows large effects further than one derivative does"
                + cost(solves * seconds / queries));
      }
      if (command != null) {
        double verify = SCORINGS * seconds + (CONTROLS + (double) EXPERIMENTS * queries) * resolve;
        advice.add("Or trust no prediction: measure, with the command below" + cost(verify));
      }
    }
    return new NextSteps(List.copyOf(advice), command);
  }

  private static String reasons(Miniature miniature) {
    List<String> reasons = new ArrayList<>();
    for (Doubt doubt : Doubt.values()) {
      if (miniature.count(doubt) > 0) {
        reasons.add(doubt + " (" + miniature.count(doubt) + ")");
      }
    }
    return "Most explanations are unstable: " + String.join("; ", reasons) + ".";
  }

  private static String damping(Miniature miniature, Damping damping, double seconds) {
    if (miniature.count(Doubt.DAMPING) > 0) {
      return String.format(
          Locale.ROOT,
          "Try a damping within the spectrum: --damping 10x, %sx at most%s",
          Text.number(Damping.SPECTRUM),
          cost(seconds));
    }
    // An order that already agrees with that at three times the damping needs no more than that.
    long steady =
        miniature.queries().stream()
            .filter(line -> line.stability() != null)
            .filter(line -> line.stability().spearman()[2] >= Stability.STABLE)
            .count();
    double factor = 2 * steady > miniature.queries().size() ? 3 : 10;
    boolean relative = damping.multiple() > 0;
    double now = relative ? damping.multiple() : damping.lambda();
    double next = relative ? Math.min(factor * now, Damping.SPECTRUM) : factor * now;
    if (!(next > now)) {
      return "The damping is at the end of the spectrum already; a larger one says nothing.";
    }
    String unit = relative ? "x" : "";
    return String.format(
        Locale.ROOT,
        "Try --damping %s%s (now %s%s): a head that is held more firmly answers more"
            + " predictably, of smaller moves%s",
        Text.number(next),
        unit,
        Text.number(now),
        unit,
        cost(seconds));
  }

  private static String cost(double seconds) {
    return Double.isNaN(seconds) ? "." : ": about " + Text.duration(seconds) + ".";
  }

  /** For a terminal. */
  List<String> lines() {
    List<String> lines = new ArrayList<>(advice);
    if (command != null) {
      lines.add("next: " + command);
    }
    return lines;
  }
}
