package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.Text;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Forecast;
import io.vicinal.influence.solve.Spectrum;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Probe;
import io.vicinal.report.Blame;
import io.vicinal.report.BlameSections;
import io.vicinal.report.Section;
import io.vicinal.report.Words;
import io.vicinal.tensor.DType;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
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
  private final Scoring scoring;
  private final Scoring.Result result;
  private final Asked shown;
  private final double[][] scores;
  private final List<String> warnings = new ArrayList<>();
  private final int asked;
  private Miniature miniature;
  private double budget = Double.POSITIVE_INFINITY; // seconds of solving again
  private NextSteps next;

  BlamePage(ModelInputs model, Asked asked, Scoring scoring, Scoring.Result result) {
    this.model = model;
    this.scoring = scoring;
    this.result = result;
    this.asked = asked.size();
    shown = asked.first(SHOWN);
    scores = result.trained(model, shown.size());
    String failed = Failure.of(result, scoring.damping());
    if (failed != null) {
      warnings.add(failed);
    }
    if (asked.size() > SHOWN) {
      warnings.add(
          "Shown on the page and checked are the first "
              + SHOWN
              + " of "
              + asked.size()
              + " confusions.");
    }
  }

  /**
   * Of the first method that answers questions, checked as the options say.
   *
   * @return null if there is no such method
   */
  static BlamePage of(
      ModelInputs model,
      Asked asked,
      Scoring scoring,
      List<Scoring.Result> results,
      List<Estimator> estimators,
      CheckOptions options,
      WorkFolder work,
      ProgressBars progress) {
    for (int m = 0; m < results.size(); m++) {
      if (!results.get(m).method().equals("self")) {
        BlamePage page = new BlamePage(model, asked, scoring, results.get(m));
        if (options.seconds > 0 && !scoring.isPlain()) {
          page.check(estimators.get(m), options, work, progress);
        }
        return page;
      }
    }
    return null;
  }

  /**
   * Says what is going to be done, and how long that will take where it can be told.
   *
   * @param checks or null where the scores are not checked as here
   */
  static void announce(
      ModelInputs model,
      Asked asked,
      Scoring scoring,
      List<String> methods,
      CheckOptions checks,
      ProgressBars bars) {
    bars.say(
        String.format(
            Locale.ROOT,
            "explaining %,d %s by %,d training samples: %s",
            asked.size(),
            asked.size() == 1 ? "confusion" : "confusions",
            model.model().samples(),
            String.join(", ", methods)));
    Forecast forecast = scoring.forecast(methods, asked.queries());
    if (forecast != null) {
      bars.say("forecast: " + forecast(forecast, asked, scoring, checks));
    }
  }

  private static String forecast(
      Forecast scores, Asked asked, Scoring scoring, CheckOptions options) {
    double system = scores.seconds() / scores.rightHandSides();
    double reconverge = RECONVERGENCE * system;
    String text = "about " + Text.duration(reconverge + scores.seconds()) + " for the scores (";
    text += "re-convergence, then " + scores + ")";
    if (scoring.damping().canRise()) {
      text += ", and that much again at most each time auto raises the damping";
    }
    if (options != null && options.seconds > 0 && !scoring.isPlain()) {
      double each = (double) scores.rightHandSides() / asked.size();
      double again = 2 * (reconverge + Math.min(SHOWN, asked.size()) * each * system);
      text +=
          String.format(
              Locale.ROOT,
              "; then for their check about %s, and %s at most of solving again (see --check)",
              Text.duration(again),
              Text.duration(options.seconds));
    }
    return text;
  }

  /** Takes a check that was made of all that was asked. */
  BlamePage checked(Miniature all) {
    miniature = all.first(shown.size());
    return this;
  }

  /** What cannot be checked is a warning, for the scores are there. */
  private void check(
      Estimator estimator, CheckOptions options, WorkFolder work, ProgressBars progress) {
    progress.say(
        String.format(
            Locale.ROOT,
            "checking %d of them: scores at a third and at three times the damping, then solving"
                + " again for %s at most",
            shown.size(),
            Text.duration(options.seconds)));
    budget = options.seconds;
    Check check = new Check(scoring, shown, result, scores, work, progress);
    List<Probe> gauges = shown.queries().stream().map(Probe::of).toList();
    boolean twin = scoring.problem().dtype() != DType.F64;
    try (Scoring exact = twin ? scoring.exact() : null;
        Experiments experiments = new Experiments(twin ? exact : scoring, gauges, work, progress)) {
      miniature = check.brief(estimator, options.miniature(), experiments);
    } catch (InputException e) {
      warnings.add("Not checked by solving again: " + e.getMessage());
    }
  }

  /**
   * Says what to do next, if there was a check.
   *
   * @param methods that were asked
   * @param command 'explain verify' with the inputs in use but for the options that it is given, or
   *     null if this was it
   */
  BlamePage offer(List<String> methods, Function<List<String>, String> command) {
    if (miniature != null) {
      next =
          NextSteps.of(
              miniature,
              scoring.damping(),
              methods,
              model.model(),
              asked,
              result.seconds(),
              budget,
              command);
    }
    return this;
  }

  /** The verdict of each explanation, of all, and what to do next. */
  void print(PrintWriter writer) {
    if (miniature != null) {
      writer.println();
      writer.println("badges of " + judged());
      Check.print(miniature, shown, writer);
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
    return (asked > shown.size() ? "the first " + shown.size() + " of " + asked + ", by " : "")
        + result.method();
  }

  /** Adds the badges, if there was a check. */
  void addTo(JsonObject summary) {
    if (miniature != null) {
      summary.add("badges", Check.json(miniature, model.positions()));
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
    BlameSections sections = new BlameSections(blame(spectrum), page.gallery(), Map.of());
    page.fact("Method", result.method());
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
                  : result.failed() > 0
                      ? "The solves failed: nothing is predicted, and nobody is to blame yet."
                      : "No training sample has an effect.",
              findings,
              List.of(),
              next == null ? null : next.command()));
    }
    page.add(
        sections.confusions(
            (asked > shown.size()
                    ? "The first " + shown.size() + " of " + asked + " confusions. "
                    : "")
                + "Effects are predicted for the removal of one training sample; those that were"
                + " measured stand before the prediction."));
    if (!scoring.isPlain()) {
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

  private Blame blame(Spectrum spectrum) {
    List<Pair> pairs = shown.questions().stream().flatMap(q -> q.pairs().stream()).toList();
    List<PairDistance> measured = pairs.stream().map(p -> new PairDistance(p.i(), p.j())).toList();
    TestSet test = new TestSet(model.backend(), model.test().features(), model.test().labels());
    Embedded embedded = test.embed(model.model().head(), test.rowsOf(measured));
    List<Blame.Item> items = new ArrayList<>();
    for (int q = 0; q < shown.size(); q++) {
      Question question = shown.questions().get(q);
      items.add(
          new Blame.Item(
              question.name(),
              question.subject(),
              question.raised(),
              question.query().measurement().unit(),
              question.pairs(),
              question.pairs().stream()
                  .mapToDouble(p -> new PairDistance(p.i(), p.j()).value(embedded))
                  .toArray(),
              Summary.number(shown.words().get(q).get("value")),
              Summary.number(result.facts().get(q).get("value")),
              scores[q],
              Summary.number(result.facts().get(q).get("residual"))));
    }
    long products = ScoreFiles.facts(result).get("products").getAsLong();
    double moved = Summary.number(result.facts().get(0).get("moved"));
    return new Blame(items, miniature, scoring.damping(), spectrum, products, moved);
  }
}
