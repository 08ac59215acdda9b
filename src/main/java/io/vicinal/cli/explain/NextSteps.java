package io.vicinal.cli.explain;

import io.vicinal.cli.common.Text;
import io.vicinal.explain.Advice;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.verify.Badge;
import io.vicinal.influence.verify.Doubt;
import io.vicinal.influence.verify.Miniature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a reader can do next about explanations that are not verified, and what it costs.
 *
 * @param advice sentences; empty where most explanations hold
 * @param command the next one, whole; null if this was it
 */
record NextSteps(List<String> advice, String command) {
  /**
   * @param miniature what was checked
   * @param damping in use
   * @param budget in seconds, of solving again; infinite if there was no limit
   * @param command 'explain verify' with the inputs in use, but for the options that it is given;
   *     null if this was it
   */
  static NextSteps of(
      Advice judged,
      Miniature miniature,
      Damping damping,
      double budget,
      Function<List<String>, String> command) {
    if (judged.nothing()) {
      return new NextSteps(List.of("No training sample has an effect on what was asked."), null);
    }
    List<String> advice = new ArrayList<>();
    List<String> change = new ArrayList<>(); // options of the command, so that it does what is said
    if (judged.doubtful()) {
      advice.add(reasons(miniature));
    }
    if (judged.longer() != null) {
      advice.add(longer(judged.longer(), budget));
    }
    if (judged.doubtful()) {
      if (!Double.isNaN(judged.multiple())) {
        String better = Text.number(judged.multiple()) + "x";
        advice.add(damping(damping, better, judged.scoring()));
        change.addAll(List.of("--damping", better));
      } else if (Double.isFinite(damping.multiple())) {
        advice.add(
            judged.needsMore()
                ? "A smaller damping leaves the system indefinite, and one outside the spectrum says"
                    + " nothing: this head answers to no damping."
                : "The damping is at the end of the spectrum already; a larger one says nothing.");
      } else {
        advice.add("The loss has no curvature here: scores are gradients over lambda.");
      }
      if (judged.newtonLoo()) {
        advice.add(
            "Or --method newton-loo, which follows large effects further than one derivative does"
                + cost(judged.newtonLooScoring()));
        if (change.isEmpty()) {
          change.addAll(List.of("--method", "newton-loo"));
        }
      }
      if (command != null) {
        advice.add(
            (change.isEmpty()
                    ? "Or trust no prediction: measure, with the command below"
                    : "The command below takes "
                        + String.join(" ", change)
                        + ", and measures beside what it predicts")
                + cost(judged.verifying(change.contains("newton-loo"))));
      }
    }
    return new NextSteps(List.copyOf(advice), command == null ? null : command.apply(change));
  }

  private static String reasons(Miniature miniature) {
    String reasons =
        Arrays.stream(Doubt.values())
            .filter(doubt -> miniature.count(doubt) > 0)
            .map(doubt -> doubt + " (" + miniature.count(doubt) + ")")
            .collect(Collectors.joining("; "));
    boolean unstable = 2 * miniature.count(Badge.UNSTABLE) > miniature.queries().size();
    return (unstable ? "Most explanations are unstable: " : "Most predicted sizes did not hold: ")
        + reasons
        + ".";
  }

  private static String longer(Advice.Longer longer, double budget) {
    return Text.say(
        "%s of the %d removals %s solved again in the %s of --check: all of them take %s, so"
            + " give --check %d%s.",
        longer.done() == 0 ? "None" : "Only " + longer.done(),
        longer.planned(),
        longer.done() > 1 ? "were" : "was",
        Text.duration(budget),
        (longer.done() == 0 ? "perhaps " : "about ") + Text.duration(longer.needed()),
        longer.asked(),
        longer.done() == 0 ? " or more" : "");
  }

  private static String damping(Damping damping, String better, double seconds) {
    return damping.isWithinSpectrum()
        ? Text.say(
            "Try --damping %s (now %sx): a head that is held more firmly answers more predictably,"
                + " of smaller moves%s",
            better, Text.number(damping.multiple()), cost(seconds))
        : Text.say(
            "Try a damping within the spectrum: --damping %s (now %sx, %sx at most)%s",
            better, Text.number(damping.multiple()), Text.number(Damping.SPECTRUM), cost(seconds));
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
