package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.explain.Attribution;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Query;
import io.vicinal.report.NoiseSections;
import java.io.PrintWriter;
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

  @Mixin private FolderOptions out;

  private final QueryOptions.Kind kind;

  ScoreCommand(QueryOptions.Kind kind) {
    this.kind = kind;
  }

  @Override
  public Integer call() {
    if (questions.check(kind) != kind) {
      throw Text.wrong(
          "%s: belongs to 'explain %s'",
          kind == QueryOptions.Kind.PAIRS ? "--groups" : "--pairs",
          kind == QueryOptions.Kind.PAIRS ? "group" : "pair");
    }
    methods.check(inputs);
    checks.check();
    if (sets && methods.names().size() > 1) {
      throw new InputException("--sets: are of one method; name one with --method");
    }
    try (ModelInputs model = ModelInputs.openWithTest(inputs);
        Explainer explainer = methods.explainer(inputs, model)) {
      List<Query> queries = questions.ask(model, kind);
      MethodOptions.named(explainer::prepare);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      key.add("queries", Summary.queries(queries, explainer.values(queries)));
      methods.addTo(key);
      try (WorkFolder work =
              new WorkFolder(out.path(), key, results(queries.size()), out.outputs());
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut())) {
        explainer.keeping(work).with(bars);
        BlamePage.announce(explainer, queries, checks, bars);
        Attributions found = explainer.explain(queries);
        Spectrum spectrum = explainer.spectrum(found);
        BlamePage blame = BlamePage.of(model, explainer, found, checks, bars);
        if (blame != null) {
          boolean groups = kind == QueryOptions.Kind.GROUPS && questions.groups == null;
          List<String> more =
              groups ? List.of("--groups", Integer.toString(queries.size())) : List.of();
          blame.offer(
              change -> NextCommand.verify(spec, out.path(), NextCommand.joined(more, change)));
        }
        Page page = page(model, blame, found, spectrum);
        bars.finish();
        ScoreFiles files = new ScoreFiles(model, work);
        files.scores(found);
        files.queries(found);
        files.top(found);
        if (sets) {
          files.sets(found.methods().get(0));
        }
        JsonObject summary = summary(model, Summary.solver(explainer, spectrum), found);
        if (blame != null) {
          blame.addTo(summary);
        }
        model.writeJson(summary, work.file("summary.json"));
        page.write(work);
        work.commit(ScoreFiles.earlier(Estimators.names()));
        PrintWriter writer = spec.commandLine().getOut();
        writer.println(Summary.said(found.damping()));
        print(writer, found, blame, files);
      }
    }
    return 0;
  }

  private List<String> results(int queries) {
    List<String> names = ScoreFiles.names(methods.names(), sets ? Math.max(1, queries) : 0);
    names.addAll(List.of("summary.json", "report.html"));
    return names;
  }

  private Page page(ModelInputs model, BlamePage blame, Attributions found, Spectrum spectrum) {
    Page page = new Page(spec.name(), "Whom to blame", model, null);
    if (blame != null) {
      blame.addTo(page, spectrum, true);
      return page;
    }
    double[] own = found.methods().get(0).row(0);
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

  private JsonObject summary(ModelInputs model, JsonObject solver, Attributions found) {
    JsonObject json = Summary.of(spec.name(), model);
    json.addProperty(
        "scores",
        "predicted change of the measurement, in its unit, if the sample is removed; above 0:"
            + " harmful, removing it raises the measurement; below 0: helpful. A row's original"
            + " script's score is original_factor times it, divided by the sample's weight");
    json.add("solver", solver);
    JsonArray all = new JsonArray();
    found.methods().forEach(one -> all.add(Summary.method(one)));
    json.add("methods", all);
    return json;
  }

  private void print(PrintWriter writer, Attributions found, BlamePage blame, ScoreFiles files) {
    for (Attribution one : found.methods()) {
      writer.printf(Locale.ROOT, "%n%s%n", one.method());
      String failed = Failure.of(one, found.damping());
      if (failed != null) {
        writer.println(failed);
      }
      boolean moved = moved(found, one);
      List<String> names = new ArrayList<>(List.of("query"));
      names.addAll(moved ? List.of("delivered", "re-converged") : List.of("value"));
      names.addAll(List.of("most harmful", "effect", "most helpful", "effect"));
      Table table = new Table(names.toArray(String[]::new));
      for (int row = 0; row < Math.min(SHOWN, one.rows()); row++) {
        List<String> cells = new ArrayList<>(List.of(called(found, one, row)));
        if (moved) {
          cells.add(value(found.delivered()[row]));
        }
        cells.add(value(one.diagnostics().get(row).value()));
        cells.addAll(cells(files, one.harmful(row, 1)));
        cells.addAll(cells(files, one.helpful(row, 1)));
        table.row(cells.toArray(String[]::new));
      }
      table.print(writer);
      writer.printf(
          Locale.ROOT,
          "%s, %d products, %.1f s%n",
          shown(one.rows()),
          one.products(),
          one.seconds());
    }
    if (blame != null) {
      blame.print(writer);
    }
    found.methods().stream().map(one -> meaning(one.method())).distinct().forEach(writer::println);
    writer.println("written: " + out);
  }

  /** A row of self is of no query. */
  private static String called(Attributions found, Attribution one, int row) {
    String id = one.diagnostics().get(row).query();
    Query query = found.queries().get(row);
    return query.id().equals(id) ? query.called() : id;
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
  private static boolean moved(Attributions found, Attribution one) {
    return IntStream.range(0, one.rows())
        .filter(row -> one.diagnostics().get(row).reference() == ReferencePoint.RECONVERGED)
        .anyMatch(
            row ->
                !value(found.delivered()[row]).equals(value(one.diagnostics().get(row).value())));
  }

  private static String value(double value) {
    return Double.isFinite(value) ? Text.say("%.4f", value) : "-";
  }

  private static List<String> cells(ScoreFiles files, List<Attribution.SampleEffect> top) {
    return top.isEmpty()
        ? List.of("-", "-")
        : List.of(files.text(top.get(0)), Text.say("%+.3g", top.get(0).score()));
  }
}
