package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Npy;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Mislabelled;
import io.vicinal.report.NoiseSections;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain mislabel}: which training labels are wrong. */
@Command(
    name = "mislabel",
    sortOptions = false,
    header = "Rank the training samples by how suspicious their label is, by several detectors.",
    description = {
      "",
      "Features and labels are enough: --features X.npy --labels y.npy. Of a run, the samples that",
      "it held out are looked at too. The suspects are the first by rank-average, as many as labels",
      "are expected to be wrong.",
      "",
      "Needs no knowledge of the noise; with it (--noise), or with noise of its own making",
      "(--inject), every detector is judged: AUC, average precision, precision among as many as are",
      "suspected, and the curve of what is found over what is inspected.",
      "",
      "Writes scores.npy [detectors, N] (higher: more suspicious), queries.json (its rows),",
      "suspects.csv (to fill in: see 'labels apply'), with noise detectors.csv and curves.csv, with --inject noise.csv and",
      "labels-noisy.npy, and summary.json and report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain mislabel --run runs/first --inject symmetric --rate 0.1 --out noise"
    })
final class MislabelCommand implements Callable<Integer> {
  private static final int POINTS = 201; // of a curve
  private static final List<String> ALWAYS =
      List.of("scores.npy", "queries.json", "suspects.csv", "summary.json", "report.html");
  private static final List<String> JUDGED = List.of("detectors.csv", "curves.csv");
  private static final List<String> INJECTED = List.of("noise.csv", "labels-noisy.npy");

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Mixin private NoiseOptions noises;

  @Mixin private EarlierOptions earlier;

  @Option(
      names = "--detectors",
      paramLabel = "D[,D...]",
      description = {
        "aum, oof-loss, loss, knn, knn-embedding, confident-learning, gradient-norm, random,",
        "rank-average, ekfac-self, and with a test set the original's rankings by",
        "its worst class: if-group, eif-group. Default: all that can work."
      })
  private String detectors;

  @Option(
      names = {"--suspects", "--budget"},
      paramLabel = "K",
      description = "How many are suspected; default: the expected number of wrong labels.")
  private Integer suspects;

  @Mixin private HeadTrainingOptions training;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    noises.check();
    List<Detector> asked =
        detectors == null ? List.of() : Audits.detectors("--detectors", detectors);
    if (suspects != null && suspects < 1) {
      throw new InputException("--suspects: " + suspects + " is below 1");
    }
    try (ModelInputs model = ModelInputs.openLabels(inputs, training, false)) {
      RunConfig config = training.config(inputs, model);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      noises.addTo(key);
      training.addTo(key, config);
      LabelNoise noise = noises.apply(model, config);
      AuditOptions how =
          AuditOptions.of(EvidenceOptions.of(config, noises.seed)).by(asked).suspecting(suspects);
      try (WorkFolder work = new WorkFolder(out, key, results(noise != null), outputs);
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Explainer explainer = Explainer.of(model.backend(), model.subject())) {
        Set<Integer> decided = earlier.rows(model);
        Mislabelled found = explainer.keeping(work).with(bars).mislabelled(how.sparing(decided));
        bars.finish();
        List<String> remarks = Audits.remarks(model, found);
        remarks.addAll(earlier.remarks(decided));
        write(model, noise, found, remarks, work);
      }
    }
    return 0;
  }

  private List<String> results(boolean judged) {
    return results(judged, noises.inject != null);
  }

  private static List<String> results(boolean judged, boolean injected) {
    List<String> names = new ArrayList<>(ALWAYS);
    names.addAll(judged ? JUDGED : List.of());
    names.addAll(injected ? INJECTED : List.of());
    return names;
  }

  private void write(
      ModelInputs model,
      LabelNoise noise,
      Mislabelled found,
      List<String> remarks,
      WorkFolder work) {
    LabelAudit audit = found.audit();
    writeScores(model, audit, work);
    Suspects.csv(model, audit).write(work.file("suspects.csv"));
    JsonObject summary = Summary.of(spec.name(), model);
    Audits.addTo(summary, audit, remarks);
    summary.addProperty("seed", noises.seed);
    List<DetectionCurve> curves = noise == null ? List.of() : found.curves(noise);
    if (noise != null) {
      judged(curves, audit.suspects().length).write(work.file("detectors.csv"));
      DetectionCurve.write(work.file("curves.csv"), curves, POINTS);
      summary.addProperty("mislabelled", noise.count());
    }
    if (noises.inject != null) {
      summary.addProperty("injected", noises.inject);
      summary.addProperty("rate", noises.rate);
      model.subject().labelled().inDataSet(noise).write(work.file("noise.csv"));
      model.writeLabels(
          model.subject().labelled().data().labels().toLongs(), work.file("labels-noisy.npy"));
    }
    JsonFile.write(work.file("summary.json"), summary);
    page(model, noise, curves, audit, remarks).write(work);
    PrintWriter writer = spec.commandLine().getOut();
    remarks.forEach(writer::println);
    work.commit(results(true, true));
    print(writer, curves, audit);
  }

  private Page page(
      ModelInputs model,
      LabelNoise noise,
      List<DetectionCurve> curves,
      LabelAudit audit,
      List<String> remarks) {
    long[] labels = model.subject().labelled().data().labels().toLongs();
    long[] right = noise == null ? null : noise.revert(labels);
    Page page =
        new Page(spec.name(), "Wrong labels", model, model.subject().labelled(), right)
            .fact("Seed", noises.seed);
    int suspected = audit.suspects().length;
    String sentence = Audits.sentence(audit);
    if (!curves.isEmpty() && suspected > 0) {
      DetectionCurve best = NoiseSections.best(curves).get(0);
      sentence =
          String.format(
              Locale.ROOT,
              "Looking at %,d suspects, %s finds %.0f %% of the %,d wrong labels.",
              suspected,
              best.detector(),
              100 * best.found(suspected),
              best.mislabelled());
    }
    Path looked = noises.inject == null ? model.labelsFile() : out.resolve("labels-noisy.npy");
    Set<Integer> suspects = Arrays.stream(audit.suspects()).boxed().collect(Collectors.toSet());
    return page.headline(sentence, remarks, List.of())
        .add(
            NoiseSections.detection(
                "Each detector ranks the samples that it can judge without knowing which labels are wrong; shown are"
                    + " the first by "
                    + audit.main()
                    + ".",
                curves,
                audit.scores(audit.main()),
                page.gallery(),
                suspected,
                Math.min(suspected, NoiseSections.SHOWN)))
        .add(Suspects.review(model, audit, page.gallery(), looked))
        .map(
            List.of(),
            row ->
                right == null
                    ? suspects.contains((int) row) ? "suspicious" : null
                    : right[(int) row] == labels[(int) row] ? null : "wrong label",
            noises.seed);
  }

  private static void writeScores(ModelInputs model, LabelAudit audit, WorkFolder work) {
    try (Arena arena = Arena.host()) {
      Tensor all = arena.allocate(DType.F64, audit.detectors().size(), model.subject().samples());
      JsonArray rows = new JsonArray();
      for (String name : audit.detectors()) {
        double[] values = audit.scores(name);
        double[] row = new double[(int) model.subject().samples()];
        Arrays.fill(row, Double.NaN);
        for (int i = 0; i < values.length; i++) {
          row[(int) model.subject().labelled().positions()[i]] = values[i];
        }
        all.rows(rows.size(), rows.size() + 1L).set(row);
        JsonObject json = new JsonObject();
        json.addProperty("row", rows.size());
        json.addProperty("id", name);
        json.addProperty("text", Detectors.named(name).meaning());
        rows.add(json);
      }
      Npy.write(work.file("scores.npy"), all);
      JsonObject queries = new JsonObject();
      queries.add("queries", rows);
      JsonFile.write(work.file("queries.json"), queries);
    }
  }

  private static CsvFile judged(List<DetectionCurve> curves, int budget) {
    CsvFile csv =
        new CsvFile(
            "detector",
            "auc",
            "average_precision",
            "precision_at_budget",
            "found_at_budget",
            "budget");
    for (DetectionCurve curve : curves) {
      csv.row(
          curve.detector(),
          curve.auc(),
          curve.averagePrecision(),
          budget == 0 ? Double.NaN : curve.precisionAt(budget),
          curve.found(budget),
          budget);
    }
    return csv;
  }

  private void print(PrintWriter writer, List<DetectionCurve> curves, LabelAudit audit) {
    int suspected = audit.suspects().length;
    String where = suspected == 1 ? " It is in suspects.csv." : " They are in suspects.csv.";
    writer.println(Audits.sentence(audit) + (suspected == 0 ? "" : where));
    if (!curves.isEmpty()) {
      writer.printf(
          Locale.ROOT,
          "%,d of %,d labels are wrong; what each detector finds%n%n",
          curves.get(0).mislabelled(),
          curves.get(0).samples());
      Table table = new Table("detector", "AUC", "average precision", "found among " + suspected);
      for (DetectionCurve curve : curves) {
        table.row(
            curve.detector(),
            String.format(Locale.ROOT, "%.3f", curve.auc()),
            String.format(Locale.ROOT, "%.3f", curve.averagePrecision()),
            String.format(Locale.ROOT, "%.1f %%", 100 * curve.found(suspected)));
      }
      table.print(writer);
    }
    writer.println("written: " + out);
  }
}
