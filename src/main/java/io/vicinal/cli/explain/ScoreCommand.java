package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.influence.attribution.Estimator;
import io.vicinal.influence.solve.Spectrum;
import io.vicinal.report.NoiseSections;
import io.vicinal.tensor.Arena;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What {@code explain pair} and {@code explain group} share: all but what they ask. */
abstract class ScoreCommand implements Callable<Integer> {
  private static final int SHOWN = 10;

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Mixin private QueryOptions questions;

  @Mixin private MethodOptions methods;

  @Mixin private CheckOptions checks;

  @Option(
      names = "--sets",
      description = "Write helpful-ROW.npy and harmful-ROW.npy too (of one method).")
  private boolean sets;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Mixin private OutputOptions outputs;

  private final QueryOptions.Kind kind;

  ScoreCommand(QueryOptions.Kind kind) {
    this.kind = kind;
  }

  @Override
  public Integer call() {
    if (questions.check(kind) != kind) {
      throw new InputException(
          (kind == QueryOptions.Kind.PAIRS ? "--groups" : "--pairs")
              + ": belongs to 'explain "
              + (kind == QueryOptions.Kind.PAIRS ? "group" : "pair")
              + "'");
    }
    Methods.check(methods, inputs);
    checks.check();
    if (sets && methods.names().size() > 1) {
      throw new InputException("--sets: are of one method; name one with --method");
    }
    try (ModelInputs model = ModelInputs.openWithTest(inputs)) {
      Asked asked = questions.ask(model, kind);
      List<Estimator> estimators = Methods.of(methods, inputs, model);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      asked.addTo(key);
      methods.addTo(key);
      try (WorkFolder work = new WorkFolder(out, key, results(asked), outputs);
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Scoring scoring = new Scoring(model, methods, work, bars);
          Arena arena = Arena.host()) {
        PrintWriter writer = spec.commandLine().getOut();
        BlamePage.announce(model, asked, scoring, methods.names(), checks, bars);
        List<Scoring.Result> results = scoring.run(estimators, asked.queries(), arena);
        Spectrum spectrum = scoring.spectrum(results);
        BlamePage blame =
            BlamePage.of(model, asked, scoring, results, estimators, checks, work, bars);
        if (blame != null) {
          boolean groups = kind == QueryOptions.Kind.GROUPS && questions.groups == null;
          List<String> more =
              groups ? List.of("--groups", Integer.toString(asked.size())) : List.of();
          blame.offer(
              methods.names(),
              change -> NextCommand.verify(spec, out, NextCommand.joined(more, change)));
        }
        Page page = page(model, blame, results, spectrum);
        bars.finish();
        ScoreFiles files = new ScoreFiles(model, work);
        files.scores(results);
        files.queries(asked);
        files.top(asked, results);
        if (sets) {
          files.sets(results.get(0));
        }
        JsonObject summary = summary(model, scoring.facts(spectrum), results);
        if (blame != null) {
          blame.addTo(summary);
        }
        JsonFile.write(work.file("summary.json"), summary);
        page.write(work);
        work.commit(ScoreFiles.earlier(methods.all()));
        writer.println(Scoring.said(scoring.damping()));
        print(writer, asked, blame, scoring, results, files);
      }
    }
    return 0;
  }

  private List<String> results(Asked asked) {
    List<String> names =
        ScoreFiles.names(methods.names(), sets ? Math.max(1, asked.queries().size()) : 0);
    names.addAll(List.of("summary.json", "report.html"));
    return names;
  }

  private Page page(
      ModelInputs model, BlamePage blame, List<Scoring.Result> results, Spectrum spectrum) {
    Page page = new Page(spec.name(), "Whom to blame", model, null);
    if (blame != null) {
      blame.addTo(page, spectrum, true);
      return page;
    }
    double[] own = results.get(0).trained(model)[0];
    return page.headline("How much each sample moves its own loss.", List.of(), List.of())
        .add(
            NoiseSections.detection(
                "Those that influence themselves most.",
                List.of(),
                own,
                page.gallery(),
                0,
                NoiseSections.SHOWN));
  }

  private JsonObject summary(ModelInputs model, JsonObject solver, List<Scoring.Result> results) {
    JsonObject json = Summary.of(spec.name(), model);
    json.addProperty(
        "scores",
        "predicted change of the measurement, in its unit, if the sample is removed; above 0:"
            + " harmful, removing it raises the measurement; below 0: helpful. A row's original"
            + " script's score is original_factor times it, divided by the sample's weight");
    json.add("solver", solver);
    JsonArray all = new JsonArray();
    results.forEach(result -> all.add(ScoreFiles.facts(result)));
    json.add("methods", all);
    return json;
  }

  private void print(
      PrintWriter writer,
      Asked asked,
      BlamePage blame,
      Scoring scoring,
      List<Scoring.Result> results,
      ScoreFiles files) {
    for (Scoring.Result result : results) {
      writer.printf(Locale.ROOT, "%n%s%n", result.method());
      String failed = Failure.of(result, scoring.damping());
      if (failed != null) {
        writer.println(failed);
      }
      boolean moved = moved(asked, result);
      List<String> names = new ArrayList<>(List.of("query"));
      names.addAll(moved ? List.of("delivered", "re-converged") : List.of("value"));
      names.addAll(List.of("most harmful", "effect", "most helpful", "effect"));
      Table table = new Table(names.toArray(String[]::new));
      for (int row = 0; row < Math.min(SHOWN, result.facts().size()); row++) {
        JsonObject facts = result.facts().get(row);
        double[] scores = result.row(row);
        String[] harmful = cells(files, files.top(scores, 1, 1));
        String[] helpful = cells(files, files.top(scores, -1, 1));
        List<String> cells =
            new ArrayList<>(List.of(asked.called(facts.get("query").getAsString())));
        if (moved) {
          cells.add(value(asked.words().get(row)));
        }
        cells.add(value(facts));
        cells.addAll(List.of(harmful[0], harmful[1], helpful[0], helpful[1]));
        table.row(cells.toArray(String[]::new));
      }
      table.print(writer);
      JsonObject facts = ScoreFiles.facts(result);
      writer.printf(
          Locale.ROOT,
          "%s, %d products, %.1f s%n",
          shown(result.facts().size()),
          facts.get("products").getAsLong(),
          result.seconds());
    }
    if (blame != null) {
      blame.print(writer);
    }
    results.stream().map(result -> meaning(result.method())).distinct().forEach(writer::println);
    writer.println("written: " + out);
  }

  private static String shown(int queries) {
    return queries > SHOWN
        ? SHOWN + " of " + queries + " queries shown, the files have all"
        : queries + (queries == 1 ? " query" : " queries");
  }

  /** What a method's effects are. */
  private static String meaning(String method) {
    return switch (method) {
      case "self" -> "an effect of self is how much the sample moves its own loss";
      case "eif" ->
          "an effect of eif is how a sample's loss answers a move of the head along the"
              + " measurement's gradient: it orders samples, and has no unit";
      case "if-seed" ->
          "an effect of if-seed is the published recursion's: it orders samples, and its size is"
              + " no prediction";
      default -> "an effect is the predicted change of the measurement if the sample is removed";
    };
  }

  /** Whether re-convergence changed a value, before any effect. */
  private static boolean moved(Asked asked, Scoring.Result result) {
    return IntStream.range(0, Math.min(asked.size(), result.facts().size()))
        .anyMatch(
            row ->
                !value(asked.words().get(row)).equals(value(result.facts().get(row)))
                    && result
                        .facts()
                        .get(row)
                        .get("reference")
                        .getAsString()
                        .equals("re-converged"));
  }

  private static String value(JsonObject facts) {
    return facts.get("value").isJsonNull()
        ? "-"
        : String.format(Locale.ROOT, "%.4f", facts.get("value").getAsDouble());
  }

  private static String[] cells(ScoreFiles files, List<ScoreFiles.Top> top) {
    if (top.isEmpty()) {
      return new String[] {"-", "-"};
    }
    ScoreFiles.Top first = top.get(0);
    return new String[] {files.text(first), String.format(Locale.ROOT, "%+.3g", first.effect())};
  }
}
