package io.vicinal.cli.explain;

import io.vicinal.cli.common.Text;
import io.vicinal.influence.attribution.NewtonLoo;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Stability;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

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

  /** What is advised where lambda hides the curvature. */
  private static final String WITHIN = "10x";

  /** How often 'explain verify' scores: at the damping and at four others. */
  private static final int SCORINGS = 1 + Stability.FACTORS.size();

  /**
   * @param miniature what was checked
   * @param damping in use
   * @param methods that were asked
   * @param model whose training set and loss it is
   * @param queries that were asked
   * @param seconds that their scores took
   * @param budget in seconds, of solving again; infinite if there was no limit
   * @param command 'explain verify' with the inputs in use, but for the options that it is given;
   *     null if this was it
   */
  static NextSteps of(
      Miniature miniature,
      Damping damping,
      List<String> methods,
      HeadModel model,
      int queries,
      double seconds,
      double budget,
      Function<List<String>, String> command) {
    List<String> advice = new ArrayList<>();
    if (miniature.queries().stream().allMatch(line -> line.top().length == 0)
        && miniature.count(Doubt.FAILED) == 0) {
      return new NextSteps(List.of("No training sample has an effect on what was asked."), null);
    }
    List<String> change = new ArrayList<>(); // options of the command, so that it does what is said
    int all = miniature.queries().size();
    long off = miniature.count(Doubt.SIZE);
    boolean doubtful = 2 * Math.max(miniature.count(Badge.UNSTABLE), off) > all;
    if (doubtful) {
      advice.add(reasons(miniature));
    }
    if (miniature.skipped() > 0) {
      advice.add(longer(miniature, budget));
    }
    if (doubtful) {
      String better = better(miniature, damping);
      if (better != null) {
        advice.add(damping(damping, better, seconds));
        change.addAll(List.of("--damping", better));
      } else if (Double.isFinite(damping.multiple())) {
        advice.add(
            needsMore(miniature)
                ? "A smaller damping leaves the system indefinite, and one outside the spectrum says"
                    + " nothing: this head answers to no damping."
                : "The damping is at the end of the spectrum already; a larger one says nothing.");
      } else {
        advice.add("The loss has no curvature here: scores are gradients over lambda.");
      }
      // Systems of newton-loo for each that was solved here.
      double each = (double) NewtonLoo.defaults().solves(queries, model.samples()) / queries;
      boolean loo = !methods.contains("newton-loo") && model.loss().decomposes();
      if (2 * off > all && loo) {
        advice.add(
            "Or --method newton-loo, which follows large effects further than one derivative does"
                + cost(each * seconds));
        if (change.isEmpty()) {
          change.addAll(List.of("--method", "newton-loo"));
        }
      }
      if (command != null) {
        double resolve =
            miniature.outcomes().stream()
                .mapToDouble(o -> o.seconds())
                .average()
                .orElse(Double.NaN);
        double verify =
            SCORINGS * (change.contains("newton-loo") ? each : 1) * seconds
                + (CONTROLS + (double) EXPERIMENTS * queries) * resolve;
        advice.add(
            (change.isEmpty()
                    ? "Or trust no prediction: measure, with the command below"
                    : "The command below takes "
                        + String.join(" ", change)
                        + ", and measures beside what it predicts")
                + cost(verify));
      }
    }
    return new NextSteps(List.copyOf(advice), command == null ? null : command.apply(change));
  }

  private static String reasons(Miniature miniature) {
    List<String> reasons = new ArrayList<>();
    for (Doubt doubt : Doubt.values()) {
      if (miniature.count(doubt) > 0) {
        reasons.add(doubt + " (" + miniature.count(doubt) + ")");
      }
    }
    boolean unstable = 2 * miniature.count(Badge.UNSTABLE) > miniature.queries().size();
    return (unstable ? "Most explanations are unstable: " : "Most predicted sizes did not hold: ")
        + String.join("; ", reasons)
        + ".";
  }

  /**
   * What it takes to solve again all that was to be: as long for each as for those that were done;
   * if none was, the time of one is only known to be more than was given.
   */
  private static String longer(Miniature miniature, double budget) {
    int done = miniature.outcomes().size();
    int planned = done + miniature.skipped();
    double each =
        miniature.outcomes().stream().mapToDouble(o -> o.seconds()).average().orElse(budget);
    double needed = Math.max(miniature.seconds() + miniature.skipped() * each, 1);
    // A fifth more, for solves differ; and more than what did not suffice. Two digits, rounded up.
    double asked = Math.max(1.2 * needed, 2 * budget);
    double digit = Math.max(1, Math.pow(10, Math.floor(Math.log10(asked)) - 1));
    long rounded = (long) (digit * Math.ceil(asked / digit));
    return String.format(
        Locale.ROOT,
        "%s of the %d removals %s solved again in the %s of --check: all of them take %s, so"
            + " give --check %d%s.",
        done == 0 ? "None" : "Only " + done,
        planned,
        done > 1 ? "were" : "was",
        Text.duration(budget),
        (done == 0 ? "perhaps " : "about ") + Text.duration(needed),
        rounded,
        done == 0 ? " or more" : "");
  }

  /** The damping to try, as --damping takes it; null where none would be better. */
  private static String better(Miniature miniature, Damping damping) {
    boolean relative = damping.multiple() > 0;
    if (!relative || !damping.isWithinSpectrum()) {
      return relative && !needsMore(miniature) ? WITHIN : null;
    }
    // An order that already agrees with that at three times the damping needs no more than that.
    long steady =
        miniature.queries().stream()
            .filter(line -> line.stability() != null)
            .filter(line -> line.stability().spearman()[2] >= Stability.STABLE)
            .count();
    double factor = 2 * steady > miniature.queries().size() ? 3 : 10;
    double now = damping.multiple();
    double next = Math.min(Math.max(1, factor * now), Damping.SPECTRUM);
    return next > now * 1.01 ? Text.number(next) + "x" : null;
  }

  /** Whether a third of the damping was not enough to solve what was asked. */
  private static boolean needsMore(Miniature miniature) {
    return miniature.queries().stream()
        .filter(line -> line.stability() != null)
        .anyMatch(line -> Double.isNaN(line.stability().spearman()[1]));
  }

  private static String damping(Damping damping, String better, double seconds) {
    return damping.isWithinSpectrum()
        ? String.format(
            Locale.ROOT,
            "Try --damping %s (now %sx): a head that is held more firmly answers more predictably,"
                + " of smaller moves%s",
            better,
            Text.number(damping.multiple()),
            cost(seconds))
        : String.format(
            Locale.ROOT,
            "Try a damping within the spectrum: --damping %s (now %sx, %sx at most)%s",
            better,
            Text.number(damping.multiple()),
            Text.number(Damping.SPECTRUM),
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
