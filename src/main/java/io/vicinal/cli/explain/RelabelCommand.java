package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.data.LabelEdits;
import io.vicinal.data.LabelNoise;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Mislabelled;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain relabel}: which labels the suspicious samples should have. */
@Command(
    name = "relabel",
    sortOptions = false,
    header = "Propose labels for suspicious training samples, and write cleaned ones.",
    description = {
      "",
      "Features and labels are enough: --features X.npy --labels y.npy. The most suspicious samples",
      "by a detector, as many as labels are expected to be wrong, get a probability of every class",
      "being right: from out-of-fold predictions, frozen-feature neighbours, the label that is written,",
      "and how often it seems to be written for another class by mistake. A proposal is taken where",
      "it is likelier right than not, so that it is expected to mend more than it breaks; what is",
      "expected is told. Otherwise it is left to a person, and what resembles no class is called none",
      "of these.",
      "",
      "Writes proposals.csv, suspects.csv (to fill in: see 'labels apply'), labels.npy (the whole",
      "dataset's, cleaned), labels.csv (the .csv or .tsv that the labels are a column of, with those",
      "cells changed), with --inject instead noise.csv and labels-noisy.npy, summary.json, report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain relabel --run runs/first --retrain hard --out repaired"
    })
final class RelabelCommand implements Callable<Integer> {
  private static final List<String> INJECTED = List.of("noise.csv", "labels-noisy.npy");
  private static final String TABLE = "labels.csv";

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Mixin private NoiseOptions noises;

  @Mixin private EarlierOptions earlier;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      defaultValue = "combined",
      description = {
        "combined (default), out-of-fold, knn (frozen features), knn-embedding (the original's)."
      })
  private String rule;

  @Option(
      names = "--detector",
      paramLabel = "D",
      defaultValue = "rank-average",
      description = "What ranks the suspicious samples; default: rank-average.")
  private String detector;

  @Option(
      names = "--suspects",
      paramLabel = "K",
      description = "How many are looked at; default: the expected number of wrong labels.")
  private Integer suspects;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description = {
        "Probability from which a proposal is taken, if it is also likelier right than the given",
        "label; default: 0.5, from where on it is expected to mend more than it breaks, and none",
        "where wrong labels cannot be told from classes that overlap."
      })
  private Double threshold;

  @Option(
      names = "--remoteness",
      paramLabel = "R",
      defaultValue = "5",
      description = "Standard deviations from which a sample is none of the classes; default: 5.")
  private double remoteness;

  @Option(
      names = "--retrain",
      paramLabel = "HOW",
      description = {
        "Train a head on the labels as they are and one on the cleaned ones, and measure both on the",
        "test set: hard, soft (probabilities as targets) or sampled (labels drawn from them)."
      })
  private String retrain;

  @Mixin private HeadTrainingOptions training;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    noises.check();
    RelabelRule how = MethodOptions.parsed("--rule", () -> RelabelRule.parse(rule));
    Relabelling.Mode mode = mode();
    List<Detector> ranking =
        MethodOptions.parsed("--detector", () -> Detectors.parseList(detector));
    if (ranking.size() > 1) {
      throw new InputException("--detector: '" + detector + "' is a list; name one");
    }
    Relabelling.RelabelOptions options = new Relabelling.RelabelOptions(threshold, remoteness);
    if (suspects != null && suspects < 1) {
      throw new InputException("--suspects: " + suspects + " is below 1");
    }
    try (ModelInputs model = ModelInputs.openLabels(inputs, training, mode != null)) {
      RunConfig config = training.config(inputs, model);
      Key key = new Key().add("command", spec.name());
      model.addTo(key);
      noises.addTo(key);
      training.addTo(key, config);
      LabelNoise noise = noises.apply(model, config);
      EvidenceOptions evidence = EvidenceOptions.of(config, noises.seed);
      AuditOptions looking =
          AuditOptions.of(evidence).by(ranking).suspecting(suspects).with(how, options);
      try (WorkFolder work = new WorkFolder(out.path(), key, results(model), out.outputs());
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Explainer explainer = Explainer.of(model.backend(), model.subject())) {
        Set<Integer> decided = earlier.rows(model);
        Mislabelled found =
            explainer.keeping(work).with(bars).mislabelled(looking.sparing(decided));
        List<String> remarks = Audits.remarks(model, found);
        remarks.addAll(earlier.remarks(decided));
        bars.finish();
        PrintWriter writer = spec.commandLine().getOut();
        RelabelWords words = new RelabelWords(model, found.audit(), noise);
        words.announce(remarks, writer);
        if (mode != null) {
          boolean delivered = !model.isTrainedHere() && noises.inject == null;
          words.measured(explainer.relabel(found.relabelling(), mode, evidence), delivered);
        }
        bars.finish();
        write(model, noise, words, found, remarks, work);
        words.print(writer);
        writer.println("written: " + out);
      }
    }
    return 0;
  }

  /** Whether the labels that were looked at are a column of a table. */
  private boolean isTable(ModelInputs model) {
    return noises.inject == null
        && model.labelsFile() != null
        && LabelEdits.kind(model.labelsFile()) == LabelEdits.Kind.TABLE;
  }

  private List<String> results(ModelInputs model) {
    List<String> names =
        new ArrayList<>(
            List.of("proposals.csv", "suspects.csv", "labels.npy", "summary.json", "report.html"));
    if (noises.inject != null) {
      names.addAll(INJECTED);
    }
    if (isTable(model)) {
      names.add(TABLE);
    }
    return names;
  }

  private Relabelling.Mode mode() {
    try {
      return retrain == null ? null : Relabelling.Mode.valueOf(retrain.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new InputException(
          "--retrain: '" + retrain + "' is unknown; choose hard, soft or sampled", e);
    }
  }

  private void write(
      ModelInputs model,
      LabelNoise noise,
      RelabelWords words,
      Mislabelled found,
      List<String> remarks,
      WorkFolder work) {
    words.proposals().write(work.file("proposals.csv"));
    Suspects.csv(model, found.audit()).write(work.file("suspects.csv"));
    model.writeLabels(found.relabelling().cleaned(), work.file("labels.npy"));
    if (isTable(model)) {
      model.writeTable(found.relabelling().cleaned(), work.file(TABLE), out.path().resolve(TABLE));
    }
    if (noises.inject != null) {
      model.writeNoise(model.subject().labelled().inDataSet(noise), work.file("noise.csv"));
      model.writeLabels(found.relabelling().labels(), work.file("labels-noisy.npy"));
    }
    JsonObject summary = Summary.of(spec.name(), model);
    summary.addProperty("rule", rule);
    summary.addProperty("detector", detector);
    summary.addProperty(
        "threshold", threshold == null ? Relabelling.RelabelOptions.DEFAULT_THRESHOLD : threshold);
    summary.addProperty("remoteness", remoteness);
    summary.addProperty("seed", noises.seed);
    Audits.addTo(summary, found.audit(), remarks);
    words.addTo(summary);
    model.writeJson(summary, work.file("summary.json"));
    long[] right = noise == null ? null : noise.revert(found.relabelling().labels());
    Page page =
        new Page(spec.name(), "Labels, repaired", model, model.subject().labelled(), right)
            .fact("Seed", noises.seed);
    Path looked =
        noises.inject == null ? model.labelsFile() : out.path().resolve("labels-noisy.npy");
    words.addTo(page, remarks, looked);
    page.write(work);
    List<String> others = new ArrayList<>(INJECTED);
    others.add(TABLE);
    work.commit(others);
  }
}
