package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.ElementType;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Verified;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Query;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    QueryOptions.Kind kind = questions.check(QueryOptions.Kind.PAIRS);
    methods.check(inputs);
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
    try (ModelInputs model = ModelInputs.openWithTest(inputs);
        Explainer explainer = methods.explainer(inputs, model)) {
      List<Query> queries = questions.ask(model, kind);
      MethodOptions.named(explainer::prepare);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      key.add("queries", Summary.queries(queries, explainer.values(queries)));
      methods.addTo(key);
      experiments.addTo(key);
      try (WorkFolder work = new WorkFolder(out.path(), key, RESULTS, out.outputs());
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut())) {
        explainer.keeping(work).with(bars);
        BlamePage.announce(explainer, queries, null, bars);
        Attributions found = explainer.explain(queries);
        Spectrum spectrum = explainer.spectrum(found);
        bars.say(
            "measuring: the scores at four other dampings, then solving again, experiment by"
                + " experiment");
        Verified verified = explainer.verify(found, experiments.plan());
        Page page = new Page(spec.name(), "Blame, put to the proof", model, null);
        BlamePage blame =
            new BlamePage(model, explainer, found).checked(verified.miniature()).offer(null);
        blame.addTo(page, spectrum, true);
        bars.finish();
        VerifyFiles files = new VerifyFiles(queries, verified);
        files.csv(model).write(work.file("verification.csv"));
        files.removed(model).write(work.file("removed.csv"));
        model.writeJson(Summary.queries(queries, found.delivered()), work.file("queries.json"));
        JsonObject summary = Summary.of(spec.name(), model);
        summary.add("solver", Summary.solver(explainer, spectrum));
        summary.addProperty("experiments", verified.experiments());
        summary.addProperty("products", verified.products());
        summary.addProperty("seconds", verified.seconds());
        files.addTo(summary, model.subject().positions());
        JsonArray all = new JsonArray();
        found.methods().forEach(one -> all.add(Summary.method(one)));
        summary.add("methods", all);
        model.writeJson(summary, work.file("summary.json"));
        page.write(work);
        work.commit(List.of());
        PrintWriter writer = spec.commandLine().getOut();
        writer.println(Summary.said(found.damping()));
        files.print(writer);
        blame.printVerdict(writer);
        writer.printf(
            Locale.ROOT,
            "%d experiments, %d products; written: %s%n",
            verified.experiments(),
            verified.products(),
            out);
      }
    }
    return 0;
  }
}
