package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.curate.reweight.FineTune;
import io.vicinal.explain.Attributions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.ReweightOptions;
import io.vicinal.influence.problem.Spectrum;
import io.vicinal.influence.query.Query;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain reweight}: does acting on the blame repair the confusions? */
@Command(
    name = "reweight",
    sortOptions = false,
    header =
        "Train on with helpful samples counting more and harmful ones less; measure before and after.",
    description = {
      "",
      "For each query and method the samples are weighted by the sign of their score (2 helpful, 0",
      "harmful, 1 neither, or any weights), the head's weight is trained on for an epoch, and the",
      "query and the test set's R@1 are measured before and after. Over the queries: paired t-test,",
      "exact Wilcoxon test, bootstrap interval, effect sizes, one-sided for growing distances; of",
      "several methods, the first against each other one.",
      "",
      "Writes before-after.csv, queries.json, summary.json, report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain reweight --run runs/first --groups 10 --method if,eif --out repair"
    })
final class ReweightCommand implements Callable<Integer> {
  private static final List<String> RESULTS =
      List.of("before-after.csv", "queries.json", "summary.json", "report.html");

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Mixin private QueryOptions questions;

  @Mixin private MethodOptions methods;

  @Mixin private CheckOptions checks;

  @Option(
      names = "--helpful-weight",
      paramLabel = "W",
      defaultValue = "2",
      description = "Of samples that keep the query right, 0 or more; default: 2.")
  private double helpful;

  @Option(
      names = "--harmful-weight",
      paramLabel = "W",
      defaultValue = "0",
      description = "Of samples that are to blame, 0 or more; default: 0.")
  private double harmful;

  @Option(
      names = "--weights",
      paramLabel = "w.npy",
      description = "[N], a weight of each sample of the dataset, in place of those by scores.")
  private Path weights;

  @Option(
      names = "--how",
      paramLabel = "HOW",
      defaultValue = "fine-tune",
      description = {
        "fine-tune (the original's epoch of Adam; default) or resolve (the minimum of the damped",
        "objective, compared with that under equal weights)."
      })
  private String how;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      defaultValue = "4e-5",
      description = "Of the fine-tuning; default: 4e-5.")
  private double rate;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      defaultValue = "1",
      description = "Of the fine-tuning; default: 1.")
  private int epochs;

  @Option(
      names = "--normalise",
      description = "Divide the weights by their mean, so that they do not change the step size.")
  private boolean normalise;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of the batches and of the bootstrap; default: 0.")
  private long seed;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    QueryOptions.Kind kind = questions.check(QueryOptions.Kind.PAIRS);
    methods.check(inputs);
    check();
    try (ModelInputs model = ModelInputs.openWithTest(inputs);
        Explainer explainer = methods.explainer(inputs, model)) {
      List<Query> queries = questions.ask(model, kind);
      double[] given = weights == null ? null : model.weights(weights);
      MethodOptions.named(explainer::prepare);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      key.add("queries", Summary.queries(queries, explainer.values(queries)));
      methods.addTo(key);
      ReweightOptions options =
          new ReweightOptions(
              helpful,
              harmful,
              how.equals("resolve"),
              new FineTune.FineTuneOptions(epochs, rate, 8, 4, seed, normalise));
      key.add("reweighting", options);
      key.add("weights", given == null ? "" : java.util.Arrays.toString(given));
      try (WorkFolder work = new WorkFolder(out.path(), key, RESULTS, out.outputs());
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut())) {
        explainer.keeping(work).with(bars);
        explainer.problem(); // what it refuses is refused before anything is trained
        Page page = new Page(spec.name(), "Acting on the blame", model, null).fact("Seed", seed);
        Spectrum spectrum = null;
        BlamePage blame = null;
        ReweightWords words;
        if (given != null) {
          words = new ReweightWords(queries, explainer.reweight(queries, given, options), seed);
          words.addTo(page, "");
        } else {
          BlamePage.announce(explainer, queries, checks, bars);
          Attributions found = explainer.explain(queries);
          words = new ReweightWords(queries, explainer.reweight(found, options), seed);
          spectrum = explainer.spectrum(found);
          blame = BlamePage.of(model, explainer, found, checks, bars);
          blame.offer(change -> NextCommand.verify(spec, out.path(), change));
          words.addTo(page, blame.verdict());
          blame.addTo(page, spectrum, false);
        }
        bars.finish();
        words.csv(model).write(work.file("before-after.csv"));
        model.writeJson(
            Summary.queries(queries, explainer.values(queries)), work.file("queries.json"));
        JsonObject summary = Summary.of(spec.name(), model);
        summary.add("solver", Summary.solver(explainer, spectrum));
        summary.addProperty("how", how);
        summary.addProperty("helpful_weight", helpful);
        summary.addProperty("harmful_weight", harmful);
        summary.addProperty("epochs", epochs);
        summary.addProperty("lr", rate);
        summary.addProperty("normalise", normalise);
        summary.addProperty("seed", seed);
        words.addTo(summary);
        if (blame != null) {
          blame.addTo(summary);
        }
        page.write(work);
        model.writeJson(summary, work.file("summary.json"));
        work.commit(List.of());
        PrintWriter writer = spec.commandLine().getOut();
        if (given == null || options.resolve()) {
          writer.println(Summary.said(explainer.damping()));
        }
        words.print(writer);
        if (blame != null) {
          blame.print(writer);
        }
        writer.println("written: " + out);
      }
    }
    return 0;
  }

  private void check() {
    if (!how.equals("fine-tune") && !how.equals("resolve")) {
      throw new InputException("--how: '" + how + "' is unknown; choose fine-tune or resolve");
    }
    if (methods.names().contains("self")) {
      throw new InputException("--method: self has no queries to repair; leave it out");
    }
    checks.check();
    positive("--helpful-weight", helpful, 0);
    positive("--harmful-weight", harmful, 0);
    positive("--lr", rate, Double.MIN_VALUE);
    positive("--epochs", epochs, 1);
  }

  private static void positive(String option, double value, double least) {
    if (value == Double.POSITIVE_INFINITY) {
      throw new InputException(option + ": is too large; give a smaller number");
    }
    if (!(value >= least)) {
      throw new InputException(option + ": " + value + " is out of range; give a larger number");
    }
  }
}
