package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.data.LabelNoise;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Mislabelled;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
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

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    noises.check();
    List<Detector> asked =
        detectors == null
            ? List.of()
            : MethodOptions.parsed("--detectors", () -> Detectors.parseList(detectors));
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
      try (WorkFolder work =
              new WorkFolder(out.path(), key, results(noise != null), out.outputs());
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Explainer explainer = Explainer.of(model.backend(), model.subject())) {
        Set<Integer> decided = earlier.rows(model);
        Mislabelled found = explainer.keeping(work).with(bars).mislabelled(how.sparing(decided));
        bars.finish();
        List<String> remarks = Audits.remarks(model, found);
        remarks.addAll(earlier.remarks(decided));
        MislabelWords words = new MislabelWords(model, found, noise);
        write(model, noise, words, found.audit(), remarks, work);
        PrintWriter writer = spec.commandLine().getOut();
        remarks.forEach(writer::println);
        words.print(writer);
        writer.println("written: " + out);
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
      MislabelWords words,
      LabelAudit audit,
      List<String> remarks,
      WorkFolder work) {
    words.writeScores(work);
    Suspects.csv(model, audit).write(work.file("suspects.csv"));
    JsonObject summary = Summary.of(spec.name(), model);
    Audits.addTo(summary, audit, remarks);
    summary.addProperty("seed", noises.seed);
    if (noise != null) {
      words.writeCurves(work);
      summary.addProperty("mislabelled", noise.count());
    }
    long[] labels = model.subject().labelled().data().labels().toLongs();
    if (noises.inject != null) {
      summary.addProperty("injected", noises.inject);
      summary.addProperty("rate", noises.rate);
      model.writeNoise(model.subject().labelled().inDataSet(noise), work.file("noise.csv"));
      model.writeLabels(labels, work.file("labels-noisy.npy"));
    }
    model.writeJson(summary, work.file("summary.json"));
    long[] right = noise == null ? null : noise.revert(labels);
    Page page =
        new Page(spec.name(), "Wrong labels", model, model.subject().labelled(), right)
            .fact("Seed", noises.seed);
    Path looked =
        noises.inject == null ? model.labelsFile() : out.path().resolve("labels-noisy.npy");
    words.addTo(page, remarks, looked, noises.seed);
    page.write(work);
    work.commit(results(true, true));
  }
}
