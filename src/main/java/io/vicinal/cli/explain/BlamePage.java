package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.explain.Advice;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.report.Blame;
import io.vicinal.report.BlameSections;
import io.vicinal.report.Section;
import io.vicinal.report.Words;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Scores as parts of a report, with the report's own check of them. For one thread. */
final class BlamePage {
  /** Questions that a report shows and checks; files have them all. */
  private static final int SHOWN = 12;

  /** Re-convergence takes as long as so many solves do, as seen at 1x to 30x. */
  private static final double RECONVERGENCE = 4;

  private final ModelInputs model;
  private final Explainer explainer;
  private final Attributions found;
  private final Attribution main;
  private final List<Query> shown;
  private final List<String> warnings = new ArrayList<>();
  private Miniature miniature;
  private double budget = Double.POSITIVE_INFINITY; // seconds of solving again
  private NextSteps next;

  BlamePage(ModelInputs model, Explainer explainer, Attributions found) {
    this.model = model;
    this.explainer = explainer;
    this.found = found;
    main = found.main();
    shown = found.queries().subList(0, Math.min(SHOWN, asked()));
    String failed = Failure.of(main, found.damping());
    if (failed != null) {
      warnings.add(failed);
    }
    if (asked() > SHOWN) {
      warnings.add(
          "Shown on the page and checked are the first "
              + SHOWN
              + " of "
              + asked()
              + " confusions.");
    }
  }

  private int asked() {
    return found.queries().size();
  }

  /**
   * Of the first method that answers queries, checked as the options say.
   *
   * @return null if there is no such method
   */
  static BlamePage of(
      ModelInputs model,
      Explainer explainer,
      Attributions found,
      CheckOptions options,
      ProgressBars progress) {
    if (found.main() == null) {
      return null;
    }
    BlamePage page = new BlamePage(model, explainer, found);
    if (options.seconds > 0 && !explainer.options().plain()) {
      page.check(options, progress);
    }
    return page;
  }

  /**
   * Says what is going to be done, and how long that will take where it can be told.
   *
   * @param checks or null where the scores are not checked as here
   */
  static void announce(
      Explainer explainer, List<Query> queries, CheckOptions checks, ProgressBars bars) {
    bars.say(
        Text.say(
            "explaining %,d %s by %,d training samples: %s",
            queries.size(),
            queries.size() == 1 ? "confusion" : "confusions",
            explainer.subject().model().samples(),
            String.join(", ", explainer.options().methods())));
    Forecast forecast = explainer.forecast(queries);
    if (forecast != null) {
      bars.say("forecast: " + forecast(forecast, explainer, queries.size(), checks));
    }
  }

  private static String forecast(
      Forecast scores, Explainer explainer, int queries, CheckOptions options) {
    double system = scores.seconds() / scores.rightHandSides();
    double reconverge = RECONVERGENCE * system;
    String text = "about " + Text.duration(reconverge + scores.seconds()) + " for the scores (";
    text += "re-convergence, then " + scores + ")";
    if (explainer.damping().canRise()) {
      text += ", and that much again at most each time auto raises the damping";
    }
    if (options != null && options.seconds > 0 && !explainer.options().plain()) {
      double each = (double) scores.rightHandSides() / queries;
      double again = 2 * (reconverge + Math.min(SHOWN, queries) * each * system);
      text +=
          Text.say(
              "; then for their check about %s, and %s at most of solving again (see --check)",
              Text.duration(again), Text.duration(options.seconds));
    }
    return text;
  }

  /** Takes a check that was made of all that was asked. */
  BlamePage checked(Miniature all) {
    miniature = all.first(shown.size());
    return this;
  }

  /** What cannot be checked is a warning, for the scores are there. */
  private void check(CheckOptions options, ProgressBars progress) {
    progress.say(
        Text.say(
            "checking %d of them: scores at a third and at three times the damping, then solving"
                + " again for %s at most",
            shown.size(), Text.duration(options.seconds)));
    budget = options.seconds;
    try {
      miniature = explainer.check(found, main, shown.size(), options.miniature());
    } catch (InputException e) {
      warnings.add("Not checked by solving again: " + e.getMessage());
    }
  }

  /**
   * Says what to do next, if there was a check.
   *
   * @param command 'explain verify' with the inputs in use but for the options that it is given, or
   *     null if this was it
   */
  BlamePage offer(Function<List<String>, String> command) {
    if (miniature != null) {
      Advice judged =
          Advice.of(
              miniature,
              found.damping(),
              explainer.options().methods(),
              model.subject().model(),
              asked(),
              main.seconds(),
              budget);
      next = NextSteps.of(judged, miniature, found.damping(), budget, command);
    }
    return this;
  }

  /** The verdict of each explanation, of all, and what to do next. */
  void print(PrintWriter writer) {
    if (miniature != null) {
      writer.println();
      writer.println("badges of " + judged());
      Badges.print(miniature, shown, writer);
    }
    printVerdict(writer);
  }

  /** The verdict of all explanations, and what to do next. */
  void printVerdict(PrintWriter writer) {
    warnings.forEach(writer::println);
    writer.println(verdict());
    if (next != null) {
      next.lines().forEach(writer::println);
    }
  }

  /** Which explanations were checked: "the first 12 of 17, by if". */
  private String judged() {
    return (asked() > shown.size() ? "the first " + shown.size() + " of " + asked() + ", by " : "")
        + main.method();
  }

  /** Adds the badges, if there was a check. */
  void addTo(JsonObject summary) {
    if (miniature != null) {
      summary.add("badges", Badges.json(miniature, model.subject().positions()));
    }
  }

  /** In a sentence. */
  String verdict() {
    if (miniature == null) {
      return "Nothing was solved again: effects are predictions, and how stable they are is not"
          + " known.";
    }
    return Words.verdicts(miniature);
  }

  /** Adds everything, below a headline if there is none yet. */
  void addTo(Page page, Spectrum spectrum, boolean headline) {
    BlameSections sections =
        new BlameSections(
            Blame.of(found, main, explainer.distances(shown), miniature, spectrum),
            page.gallery(),
            Map.of());
    page.fact("Method", main.method());
    if (headline) {
      String example = sections.example();
      List<String> findings = new ArrayList<>(warnings);
      findings.add(verdict());
      if (next != null) {
        findings.addAll(next.advice());
      }
      page.add(
          new Section.Headline(
              example != null
                  ? example
                  : main.failed() > 0
                      ? "The solves failed: nothing is predicted, and nobody is to blame yet."
                      : "No training sample has an effect.",
              findings,
              List.of(),
              next == null ? null : next.command()));
    }
    page.add(
        sections.confusions(
            (asked() > shown.size()
                    ? "The first " + shown.size() + " of " + asked() + " confusions. "
                    : "")
                + "Effects are predicted for the removal of one training sample; those that were"
                + " measured stand before the prediction."));
    if (!explainer.options().plain()) {
      List<Integer> harmful = sections.shown(1);
      List<Integer> helpful = sections.shown(-1);
      Set<Integer> blamed = new HashSet<>(harmful);
      Set<Integer> protecting = new HashSet<>(helpful);
      List<Integer> all = new ArrayList<>(harmful);
      all.addAll(helpful);
      page.map(
          all,
          row ->
              blamed.contains((int) row)
                  ? protecting.contains((int) row) ? "to blame, and protecting" : "to blame"
                  : protecting.contains((int) row) ? "protecting" : null,
          0);
    }
    sections.proof(warnings).forEach(page::add);
  }
}
