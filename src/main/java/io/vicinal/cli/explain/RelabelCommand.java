package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.Detector;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.curate.relabel.Proposal;
import io.vicinal.curate.relabel.RelabelAccuracy;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.LabelDecisions;
import io.vicinal.data.LabelNoise;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Labelled;
import io.vicinal.explain.Mislabelled;
import io.vicinal.explain.Relabelled;
import io.vicinal.report.Fact;
import io.vicinal.report.NoiseSections;
import io.vicinal.report.Section;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
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
      "dataset's, cleaned), with --inject noise.csv and labels-noisy.npy, summary.json, report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain relabel --run runs/first --retrain hard --out repaired"
    })
final class RelabelCommand implements Callable<Integer> {
  private static final List<String> INJECTED = List.of("noise.csv", "labels-noisy.npy");

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

  @Mixin private TrainingOptions training;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    noises.check();
    RelabelRule how = rule(rule);
    Relabelling.Mode mode = mode();
    List<Detector> ranking = Audits.detectors("--detector", detector);
    if (ranking.size() > 1) {
      throw new InputException("--detector: '" + detector + "' is a list; name one");
    }
    Relabelling.Options options = new Relabelling.Options(threshold, remoteness);
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
      try (WorkFolder work = new WorkFolder(out, key, results(), outputs);
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Explainer explainer = Explainer.of(model.backend(), model.subject())) {
        Set<Integer> decided = earlier.rows(model);
        Mislabelled found =
            explainer.keeping(work).with(bars).mislabelled(looking.sparing(decided));
        List<String> remarks = Audits.remarks(model, found);
        remarks.addAll(earlier.remarks(decided));
        bars.finish();
        announce(found.audit(), remarks);
        Map<String, Retrieval> measured =
            mode == null
                ? Map.of()
                : named(model, explainer.relabel(found.relabelling(), mode, evidence));
        bars.finish();
        write(model, noise, found.audit(), remarks, measured, work);
      }
    }
    return 0;
  }

  /** What is going to be changed and what that is expected to do, before anything is written. */
  private void announce(LabelAudit audit, List<String> remarks) {
    Relabelling relabelling = audit.relabelling();
    PrintWriter writer = spec.commandLine().getOut();
    remarks.forEach(writer::println);
    writer.println(Audits.sentence(audit));
    if (!relabelling.proposals().isEmpty()) {
      writer.printf(
          Locale.ROOT,
          "%s: %,d relabelled, %,d kept, %,d left to a person, %,d none of these%n",
          Text.count(relabelling.proposals().size(), "suspicious sample", "suspicious samples"),
          relabelling.count(Proposal.Decision.RELABEL),
          relabelling.count(Proposal.Decision.KEEP),
          relabelling.count(Proposal.Decision.ABSTAIN),
          relabelling.count(Proposal.Decision.NONE_OF_THESE));
      writer.println(expectation(audit));
    }
    writer.flush();
  }

  private static String expectation(LabelAudit audit) {
    Relabelling relabelling = audit.relabelling();
    Relabelling.Expected expected = relabelling.expected();
    long taken = relabelling.count(Proposal.Decision.RELABEL);
    if (taken == 0) {
      return audit.isTold()
          ? "No label is changed: no other class is likely enough."
          : "No label is changed: wrong ones cannot be told from classes that overlap.";
    }
    if (!audit.isTold()) {
      return "How many of them are right cannot be said: wrong labels cannot be told from classes"
          + " that overlap.";
    }
    return expected == null
        ? "How many of them are right cannot be said: the rule "
            + relabelling.rule().text()
            + " gives shares of neighbours, not probabilities."
        : String.format(
            Locale.ROOT,
            "Of the %,d that %s relabelled %s expected to become right and %s to have been right"
                + " before.",
            taken,
            taken == 1 ? "is" : "are",
            is(expected.mended()),
            about(expected.broken()));
  }

  private static String is(double count) {
    return about(count) + (about(count).equals("1") ? " is" : " are");
  }

  private static String about(double count) {
    return String.format(Locale.ROOT, "%,.0f", count);
  }

  /** What the page says first: as many as are changed, by the same rule as all that follows. */
  private static String headline(Relabelling relabelling) {
    long taken = relabelling.count(Proposal.Decision.RELABEL);
    int suspects = relabelling.proposals().size();
    if (suspects == 0) {
      return "No label is suspected.";
    }
    String of = Text.count(suspects, "suspicious sample", "suspicious samples");
    return taken == 0
        ? "None of " + of + " is relabelled."
        : String.format(
            Locale.ROOT, "%,d of %s %s relabelled.", taken, of, taken == 1 ? "is" : "are");
  }

  private List<String> results() {
    List<String> names =
        new ArrayList<>(
            List.of("proposals.csv", "suspects.csv", "labels.npy", "summary.json", "report.html"));
    if (noises.inject != null) {
      names.addAll(INJECTED);
    }
    return names;
  }

  /** The rule of an option. */
  static RelabelRule rule(String rule) {
    try {
      return RelabelRule.parse(rule);
    } catch (InputException e) {
      throw new InputException("--" + e.getMessage(), e);
    }
  }

  private Relabelling.Mode mode() {
    try {
      return retrain == null ? null : Relabelling.Mode.valueOf(retrain.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new InputException(
          "--retrain: '" + retrain + "' is unknown; choose hard, soft or sampled", e);
    }
  }

  /** Each head by what it is called; the given one is left out where it is the next one. */
  private Map<String, Retrieval> named(ModelInputs model, Relabelled heads) {
    Map<String, Retrieval> measured = new LinkedHashMap<>();
    if (!model.isTrainedHere() && noises.inject == null) {
      measured.put("given head", heads.delivered());
    }
    measured.put("trained on the given labels", heads.given());
    measured.put("trained on the cleaned labels", heads.cleaned());
    return measured;
  }

  private void write(
      ModelInputs model,
      LabelNoise noise,
      LabelAudit audit,
      List<String> remarks,
      Map<String, Retrieval> measured,
      WorkFolder work) {
    Relabelling relabelling = audit.relabelling();
    proposals(model, relabelling).write(work.file("proposals.csv"));
    Suspects.csv(model, audit).write(work.file("suspects.csv"));
    model.writeLabels(relabelling.cleaned(), work.file("labels.npy"));
    JsonObject summary = Summary.of(spec.name(), model);
    summary.addProperty("rule", rule);
    summary.addProperty("detector", detector);
    summary.addProperty(
        "threshold", threshold == null ? Relabelling.Options.DEFAULT_THRESHOLD : threshold);
    summary.addProperty("remoteness", remoteness);
    summary.addProperty("seed", noises.seed);
    Audits.addTo(summary, audit, remarks);
    for (Proposal.Decision decision : Proposal.Decision.values()) {
      summary.addProperty(decision.text().replace(' ', '_'), relabelling.count(decision));
    }
    Relabelling.Expected expected = relabelling.expected();
    if (expected != null && audit.isTold()) {
      JsonObject json = new JsonObject();
      json.addProperty("mended", expected.mended());
      json.addProperty("broken", expected.broken());
      json.addProperty("neither", expected.neither());
      summary.add("expected", json);
    }
    PrintWriter writer = spec.commandLine().getOut();
    RelabelAccuracy accuracy =
        noise == null || noise.count() == 0 ? null : RelabelAccuracy.of(relabelling, noise);
    if (accuracy != null) {
      JsonObject json = new JsonObject();
      json.addProperty("mislabelled", noise.count());
      json.addProperty("suspected", accuracy.suspectedNoise());
      json.add("original_rule", Summary.number(accuracy.originalRule()));
      json.addProperty("mended", accuracy.mended());
      json.add("strict", Summary.number(accuracy.strict()));
      json.add("restored", Summary.number(accuracy.restored()));
      json.addProperty("broken", accuracy.broken());
      summary.add("accuracy", json);
      writer.printf(
          Locale.ROOT,
          "of %,d wrong labels %,d were suspected and %,d restored (%s %%); of %,d relabelled %,d are right"
              + " now, and %,d were right before%n",
          noise.count(),
          accuracy.suspectedNoise(),
          accuracy.mended(),
          Text.percent(accuracy.restored()),
          relabelling.count(Proposal.Decision.RELABEL),
          accuracy.mended(),
          accuracy.broken());
    }
    if (noises.inject != null) {
      model.subject().labelled().inDataSet(noise).write(work.file("noise.csv"));
      model.writeLabels(relabelling.labels(), work.file("labels-noisy.npy"));
    }
    if (!measured.isEmpty()) {
      summary.add("test", json(measured));
      Table table = new Table("head", "R@1 %", "MAP@R %", "nearest training sample right %");
      measured.forEach(
          (name, values) ->
              table.row(
                  name,
                  Text.percent(values.recall()),
                  Text.percent(values.mapAtR()),
                  Text.percent(values.galleryRecall())));
      table.print(writer);
    }
    JsonFile.write(work.file("summary.json"), summary);
    page(model, noise, audit, accuracy, remarks, measured).write(work);
    work.commit(INJECTED);
    writer.println("written: " + out);
  }

  private Page page(
      ModelInputs model,
      LabelNoise noise,
      LabelAudit audit,
      RelabelAccuracy accuracy,
      List<String> remarks,
      Map<String, Retrieval> measured) {
    Relabelling relabelling = audit.relabelling();
    long[] right = noise == null ? null : noise.revert(relabelling.labels());
    Page page =
        new Page(spec.name(), "Labels, repaired", model, model.subject().labelled(), right)
            .fact("Seed", noises.seed);
    List<String> findings = new ArrayList<>(List.of(expectation(audit)));
    findings.addAll(remarks);
    page.headline(
        headline(relabelling),
        findings,
        accuracy == null
            ? List.of()
            : List.of(
                new Fact("Wrong labels repaired", Text.percent(accuracy.restored()) + " %"),
                new Fact("Right labels broken", Integer.toString(accuracy.broken()))));
    if (!measured.isEmpty()) {
      page.add(
          new Section.Retrieval(
              (measured.size() > 2 ? "The head as it was given, one" : "A head")
                  + " trained on the labels as they are, and one on the cleaned ones.",
              List.copyOf(measured.keySet()),
              List.of(
                  metric("R@1 among test samples", measured, Retrieval::recall),
                  metric("MAP@R among test samples", measured, Retrieval::mapAtR),
                  metric(
                      "Test queries whose nearest training sample is of their class",
                      measured,
                      Retrieval::galleryRecall)),
              List.of()));
    }
    Path looked = noises.inject == null ? model.labelsFile() : out.resolve("labels-noisy.npy");
    return page.add(Suspects.review(model, audit, page.gallery(), looked))
        .add(
            NoiseSections.proposals(
                relabelling,
                audit.isTold() ? relabelling.expected() : null,
                accuracy,
                page.gallery(),
                c -> model.subject().className(model.subject().labelled(), c)));
  }

  private static Section.Metric metric(
      String name, Map<String, Retrieval> measured, ToDoubleFunction<Retrieval> value) {
    return new Section.Metric(name, measured.values().stream().map(value::applyAsDouble).toList());
  }

  private static JsonObject json(Map<String, Retrieval> measured) {
    JsonObject json = new JsonObject();
    measured.forEach(
        (name, values) -> {
          JsonObject one = new JsonObject();
          one.add("recall", Summary.number(values.recall()));
          one.add("map_at_r", Summary.number(values.mapAtR()));
          one.add("gallery_recall", Summary.number(values.galleryRecall()));
          json.add(name, one);
        });
    return json;
  }

  private static CsvFile proposals(ModelInputs model, Relabelling relabelling) {
    Labelled labelled = model.subject().labelled();
    CsvFile csv =
        model.csv(
            "sample",
            "label",
            "decision",
            "proposed",
            "probability",
            "second",
            "second_probability",
            "label_probability",
            "remoteness",
            "made_for");
    String madeFor = LabelDecisions.madeFor(model.subject().usedLabels());
    for (Proposal p : relabelling.proposals()) {
      csv.row(
          labelled.positions()[p.id()],
          labelled.classIds()[p.given()],
          p.decision().text(),
          labelled.classIds()[p.best()],
          Text.probability(p.probability()),
          labelled.classIds()[p.second()],
          Text.probability(p.secondProbability()),
          Text.probability(p.givenProbability()),
          p.remoteness(),
          madeFor);
    }
    return csv;
  }
}
