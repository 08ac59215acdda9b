package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.solve.Spectrum;
import io.vicinal.influence.verify.Brittleness;
import io.vicinal.influence.verify.Miniature;
import io.vicinal.influence.verify.Probe;
import io.vicinal.tensor.Arena;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain verify}: predictions against retraining. */
@Command(
    name = "verify",
    sortOptions = false,
    header = "Solve the head again without the blamed samples, and compare with the predictions.",
    description = {
      "",
      "For every query the largest predicted removals are made, with random ones beside them, and",
      "groups are removed, weights and labels changed. Each time the head is solved again from the",
      "features, held to the delivered weights by the damping, and the queries are measured. An",
      "explanation is 'verified' if the damping lies within the spectrum (100x at most) and every",
      "top removal (--leave-out of them) moved its query the right way, by more than the error of",
      "solving again and a thousandth of the query's value, and by what was predicted or a quarter",
      "of it more or less; that speaks for those removals alone. Else it is 'predicted, stable' if",
      "no size was off by more than twofold and its order survives a damping three times smaller",
      "and larger; else 'unstable'. Computes in float64 unless told otherwise.",
      "",
      "Writes verification.csv (every experiment), removed.csv (the samples of groups and subsets),",
      "queries.json, summary.json (agreement, badges), report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain verify --run runs/first --groups 3 --method if,ekfac --out proof"
    })
final class VerifyCommand implements Callable<Integer> {
  private static final List<String> RESULTS =
      List.of("verification.csv", "removed.csv", "queries.json", "summary.json", "report.html");

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Mixin private QueryOptions questions;

  @Mixin private MethodOptions methods;

  @Mixin private VerifyOptions experiments;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    QueryOptions.Kind kind = questions.check(QueryOptions.Kind.PAIRS);
    Methods.check(methods, inputs);
    experiments.check();
    if (methods.names().contains("self")) {
      throw new InputException("--method: self has no queries to verify; leave it out");
    }
    if (experiments.brittleness > 0 && kind != QueryOptions.Kind.PAIRS) {
      throw new InputException("--brittleness: needs pairs; leave --groups out");
    }
    if (methods.type == null) {
      methods.type = ElementType.float64; // differences of nearly equal numbers
    }
    try (ModelInputs model = ModelInputs.openWithTest(inputs)) {
      Asked asked = questions.ask(model, kind);
      List<Estimator> estimators = Methods.of(methods, inputs, model);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      asked.addTo(key);
      methods.addTo(key);
      experiments.addTo(key);
      try (WorkFolder work = new WorkFolder(out, key, RESULTS, outputs);
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Scoring scoring = new Scoring(model, methods, work, bars);
          Arena arena = Arena.host()) {
        verify(model, asked, estimators, scoring, work, bars, arena);
      }
    }
    return 0;
  }

  private void verify(
      ModelInputs model,
      Asked asked,
      List<Estimator> estimators,
      Scoring scoring,
      WorkFolder work,
      ProgressBars bars,
      Arena arena) {
    BlamePage.announce(model, asked, scoring, methods.names(), null, bars);
    List<Scoring.Result> results = scoring.run(estimators, asked.queries(), arena);
    Map<String, double[][]> scores = new LinkedHashMap<>();
    results.forEach(r -> scores.put(r.method(), r.trained(model)));
    Spectrum spectrum = scoring.spectrum(results);
    Verifier verifier = new Verifier(scoring, asked, bars, scores);
    double[][] first = scores.values().iterator().next();
    Check check = new Check(scoring, asked, results.get(0), first, work, bars);
    List<Probe> gauges = asked.queries().stream().map(Probe::of).toList();
    try (Experiments runs = new Experiments(scoring, gauges, work, bars)) {
      bars.say(
          "measuring: the scores at four other dampings, then solving again, experiment by experiment");
      Miniature miniature = check.full(estimators.get(0), experiments.miniature(), runs);
      List<Verifier.Part> parts = new ArrayList<>();
      parts.add(verifier.part("leave out", miniature.outcomes()));
      if (experiments.remove > 0) {
        parts.add(verifier.part("remove group", verifier.groups(experiments.remove), runs));
      }
      if (experiments.reweight > 0 && verifier.hasRates()) {
        parts.add(
            verifier.rates(
                "re-weight",
                verifier.reweightings(experiments.leaveOut, experiments.reweight),
                runs));
      }
      if (experiments.relabel > 0 && model.model().loss().spec().isCosineSoftmax()) {
        parts.add(verifier.relabellings(experiments.relabel, runs));
      }
      if (experiments.subsets > 0) {
        parts.add(verifier.part("subsets", verifier.subsets(experiments), runs));
      }
      List<Brittleness> brittleness =
          experiments.brittleness > 0
              ? verifier.brittleness(experiments.brittleness, work)
              : List.of();
      Page page = new Page(spec.name(), "Blame, put to the proof", model, null);
      BlamePage blame = new BlamePage(model, asked, scoring, results.get(0)).checked(miniature);
      blame.offer(methods.names(), null).addTo(page, spectrum, true);
      bars.finish();
      VerifyFiles files = new VerifyFiles(asked, parts, miniature, brittleness);
      files.csv(model).write(work.file("verification.csv"));
      files.removed(model).write(work.file("removed.csv"));
      JsonFile.write(work.file("queries.json"), asked.json());
      JsonObject summary = Summary.of(spec.name(), model);
      summary.add("solver", scoring.facts(spectrum));
      summary.addProperty("experiments", runs.size());
      summary.addProperty("products", runs.products());
      summary.addProperty("seconds", runs.seconds());
      files.addTo(summary, model.positions());
      JsonArray all = new JsonArray();
      results.forEach(result -> all.add(ScoreFiles.facts(result)));
      summary.add("methods", all);
      JsonFile.write(work.file("summary.json"), summary);
      page.write(work);
      work.commit(List.of());
      PrintWriter writer = spec.commandLine().getOut();
      writer.println(Scoring.said(scoring.damping()));
      files.print(writer);
      blame.printVerdict(writer);
      writer.printf(
          Locale.ROOT,
          "%d experiments, %d products; written: %s%n",
          runs.size(),
          runs.products(),
          out);
    }
  }
}
