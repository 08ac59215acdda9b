package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.config.RunConfig;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Npy;
import io.vicinal.influence.noise.DetectionCurve;
import io.vicinal.influence.noise.Detector;
import io.vicinal.influence.noise.Detectors;
import io.vicinal.influence.noise.Evidence;
import io.vicinal.influence.noise.EvidenceOptions;
import io.vicinal.influence.noise.Ranking;
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
import java.util.Map;
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
      "Needs no knowledge of the noise; with it (--noise), or with noise of its own making",
      "(--inject), every detector is judged: AUC, average precision, precision at a budget, and the",
      "curve of what is found over what is inspected.",
      "",
      "Writes scores.npy [detectors, N] (higher: more suspicious), queries.json (its rows),",
      "suspects.csv, with noise detectors.csv and curves.csv, with --inject noise.csv and",
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
  private static final List<String> RESULTS =
      List.of("detectors.csv", "curves.csv", "noise.csv", "labels-noisy.npy");

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Mixin private NoiseOptions noises;

  @Option(
      names = "--detectors",
      paramLabel = "D[,D...]",
      description = {
        "aum, oof-loss, loss, knn, knn-embedding, confident-learning, gradient-norm, random,",
        "rank-average, ekfac-self, and with a test set the original's rankings by",
        "its worst class: if-group, eif-group. Default: all that the model has."
      })
  private String detectors;

  @Option(
      names = "--budget",
      paramLabel = "K",
      description = "Labels that somebody could inspect; default: the noise, else 10 %% of them.")
  private Integer budget;

  @Mixin private TrainingOptions training;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Override
  public Integer call() {
    noises.check();
    if (detectors != null) {
      DetectorScores.parse("--detectors", detectors);
    }
    if (budget != null && budget < 1) {
      throw new InputException("--budget: " + budget + " is below 1");
    }
    try (Model model = Model.open(inputs)) {
      RunConfig config = training.config(inputs, model);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      noises.addTo(key);
      training.addTo(key, config);
      LabelNoise noise = noises.apply(model, config);
      EvidenceOptions options = EvidenceOptions.of(config, noises.seed);
      try (WorkFolder work = new WorkFolder(out, key);
          ProgressBars bars = new ProgressBars();
          Evidence evidence = Evidence.of(model.backend(), model.model(), model.test(), options)) {
        DetectorScores scores = new DetectorScores(model, evidence, work, bars);
        Map<Detector, double[]> all =
            scores.of(
                detectors == null
                    ? scores.available()
                    : DetectorScores.parse("--detectors", detectors));
        bars.finish();
        write(model, noise, all, work);
      }
    }
    return 0;
  }

  private void write(
      Model model, LabelNoise noise, Map<Detector, double[]> scores, WorkFolder work) {
    int n = (int) model.model().samples();
    int inspected =
        Math.min(n, budget != null ? budget : noise != null ? noise.count() : Math.max(1, n / 10));
    writeScores(model, scores, work);
    Detector average = Detectors.named("rank-average");
    Detector main = scores.containsKey(average) ? average : scores.keySet().iterator().next();
    suspects(model, scores, main, inspected).write(work.file("suspects.csv"));
    JsonObject summary = Summary.of(spec.name(), model);
    summary.addProperty("budget", inspected);
    summary.addProperty("suspects_by", main.name());
    summary.addProperty("seed", noises.seed);
    List<DetectionCurve> curves = new ArrayList<>();
    if (noise != null) {
      boolean[] wrong = noise.mask(n);
      scores.forEach((d, values) -> curves.add(DetectionCurve.of(d.name(), values, wrong)));
      judged(curves, inspected).write(work.file("detectors.csv"));
      DetectionCurve.write(work.file("curves.csv"), curves, POINTS);
      summary.addProperty("mislabelled", noise.count());
    }
    if (noises.inject != null) {
      summary.addProperty("injected", noises.inject);
      summary.addProperty("rate", noises.rate);
      KnownNoise.inDataset(model, noise).write(work.file("noise.csv"));
      model.writeLabels(model.model().training().labels().toLongs(), work.file("labels-noisy.npy"));
    }
    JsonFile.write(work.file("summary.json"), summary);
    page(model, noise, curves, main.name(), scores.get(main), inspected).write(work);
    work.commit(RESULTS);
    print(spec.commandLine().getOut(), curves, inspected);
  }

  private Page page(
      Model model,
      LabelNoise noise,
      List<DetectionCurve> curves,
      String main,
      double[] suspicion,
      int inspected) {
    long[] labels = model.model().training().labels().toLongs();
    long[] right = noise == null ? null : noise.revert(labels);
    Page page = new Page(spec.name(), "Wrong labels", model, right).fact("Seed", noises.seed);
    int[] order = Ranking.order(suspicion);
    String sentence =
        String.format(Locale.ROOT, "%,d labels are the most suspicious, by %s.", inspected, main);
    if (!curves.isEmpty()) {
      DetectionCurve best = NoiseSections.best(curves).get(0);
      sentence =
          String.format(
              Locale.ROOT,
              "Looking at %,d samples, %s finds %.0f %% of the %,d wrong labels.",
              inspected,
              best.detector(),
              100 * best.found(inspected),
              best.mislabelled());
    }
    Set<Integer> suspects =
        Arrays.stream(order).limit(inspected).boxed().collect(Collectors.toSet());
    return page.headline(sentence, List.of(), List.of())
        .add(
            NoiseSections.detection(
                "Every detector ranks all samples without knowing which labels are wrong; shown are"
                    + " the first by "
                    + main
                    + ".",
                curves,
                suspicion,
                page.gallery(),
                inspected))
        .map(
            List.of(),
            row ->
                right == null
                    ? suspects.contains((int) row) ? "suspicious" : null
                    : right[(int) row] == labels[(int) row] ? null : "wrong label",
            noises.seed);
  }

  private static void writeScores(Model model, Map<Detector, double[]> scores, WorkFolder work) {
    try (Arena arena = Arena.host()) {
      Tensor all = arena.allocate(DType.F64, scores.size(), model.dataset());
      JsonArray rows = new JsonArray();
      scores.forEach(
          (detector, values) -> {
            double[] row = new double[(int) model.dataset()];
            Arrays.fill(row, Double.NaN);
            for (int i = 0; i < values.length; i++) {
              row[(int) model.positions()[i]] = values[i];
            }
            all.rows(rows.size(), rows.size() + 1L).set(row);
            JsonObject json = new JsonObject();
            json.addProperty("row", rows.size());
            json.addProperty("id", detector.name());
            json.addProperty("text", detector.meaning());
            rows.add(json);
          });
      Npy.write(work.file("scores.npy"), all);
      JsonObject queries = new JsonObject();
      queries.add("queries", rows);
      JsonFile.write(work.file("queries.json"), queries);
    }
  }

  private static CsvFile suspects(
      Model model, Map<Detector, double[]> scores, Detector main, int count) {
    List<String> header = new ArrayList<>(List.of("rank", "sample", "class"));
    scores.keySet().forEach(detector -> header.add(detector.name()));
    CsvFile csv = model.csv(header.toArray(new String[0]));
    int[] order = Ranking.order(scores.get(main));
    long[] classes = model.trainingClasses();
    for (int r = 0; r < count; r++) {
      List<Object> row = new ArrayList<>();
      row.add(r + 1);
      row.add(model.positions()[order[r]]);
      row.add(classes[order[r]]);
      for (double[] values : scores.values()) {
        row.add(values[order[r]]);
      }
      csv.row(row.toArray());
    }
    return csv;
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
          curve.precisionAt(budget),
          curve.found(budget),
          budget);
    }
    return csv;
  }

  private void print(PrintWriter writer, List<DetectionCurve> curves, int inspected) {
    if (curves.isEmpty()) {
      writer.printf(Locale.ROOT, "the %d most suspicious labels are in suspects.csv%n", inspected);
    } else {
      writer.printf(
          Locale.ROOT,
          "%d of %d labels are wrong; what each detector finds%n%n",
          curves.get(0).mislabelled(),
          curves.get(0).samples());
      Table table = new Table("detector", "AUC", "average precision", "found among " + inspected);
      for (DetectionCurve curve : curves) {
        table.row(
            curve.detector(),
            String.format(Locale.ROOT, "%.3f", curve.auc()),
            String.format(Locale.ROOT, "%.3f", curve.averagePrecision()),
            String.format(Locale.ROOT, "%.1f %%", 100 * curve.found(inspected)));
      }
      table.print(writer);
    }
    writer.println("written: " + out);
  }
}
