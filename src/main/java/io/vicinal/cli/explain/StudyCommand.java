package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.study.Category;
import io.vicinal.curate.study.ClassRecommendations;
import io.vicinal.curate.study.DirectionStability;
import io.vicinal.curate.study.FieldStudy;
import io.vicinal.curate.study.NeighbourPurity;
import io.vicinal.curate.study.NoiseStudy;
import io.vicinal.curate.study.WorstClassOverlap;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Names;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.LabelStudy;
import io.vicinal.explain.Subject;
import io.vicinal.influence.query.Neighbouring;
import io.vicinal.report.Sections;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain study}: what the whole training set looks like. */
@Command(
    name = "study",
    sortOptions = false,
    header = "Study the labels of a whole training set, and its worst classes over several runs.",
    description = {
      "",
      "Every sample gets a recommended label; classes are sorted by how many differ: individual",
      "(5 %% or less), other, and from 10 %% on centralized (towards one class) or diversified, by the",
      "share of the first other class (0.9) and by entropy (0.35). With --noise or --inject: are",
      "the neighbours of harmful and helpful noisy samples pure, and do their scores keep their sign?",
      "With --with: do several runs have the same worst test classes? Features and labels are",
      "enough; then a head is trained, as in 'mislabel'.",
      "",
      "Writes study.csv (a row per class), with --with overlap.csv, with --inject noise.csv,",
      "summary.json and report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal train --config c.json --run runs/second --set seed=1",
      "  vicinal explain study --run runs/first --with runs/second --out study"
    })
final class StudyCommand implements Callable<Integer> {
  private static final int NAMED = 5; // classes on the console

  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      defaultValue = "knn-embedding",
      description = "As in 'relabel'; default: knn-embedding, the published study's.")
  private String rule;

  @Mixin private NoiseOptions noises;

  @Option(
      names = "--with",
      paramLabel = "DIR",
      description = "Another run folder whose worst test classes are compared; repeatable.")
  private List<Path> others = new ArrayList<>();

  @Option(
      names = "--worst",
      paramLabel = "K",
      defaultValue = "10",
      description = "Worst classes that are compared; default: 10.")
  private int worst;

  @Mixin private TrainingOptions training;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The output folder.")
  private Path out;

  @Mixin private OutputOptions outputs;

  @Override
  public Integer call() {
    RelabelRule how = RelabelCommand.rule(rule);
    if (worst < 1) {
      throw new InputException("--worst: " + worst + " is below 1");
    }
    noises.check();
    boolean needsTest = noises.file != null || noises.inject != null || !others.isEmpty();
    try (ModelInputs model = ModelInputs.openLabels(inputs, training, needsTest)) {
      RunConfig config = training.config(inputs, model);
      Subject subject = model.subject();
      LabelNoise known = null; // in the head's numbers
      LabelNoise listed = null; // in the data set's
      if (noises.inject != null) {
        LabelNoise made = noises.apply(model, config);
        subject = model.subject();
        listed = subject.labelled().inDataSet(made);
        known = subject.inRows(subject.trained(), listed, noises.inject);
      } else if (noises.file != null) {
        listed = LabelNoise.read(noises.file, subject.classNames());
        known = subject.inRows(subject.trained(), listed, noises.file);
      }
      Key key = new Key().add("command", spec.name()).add("rule", rule);
      noises.addTo(key);
      model.addTo(key);
      training.addTo(key, config);
      try (WorkFolder work = new WorkFolder(out, key, results(), outputs);
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Explainer explainer = Explainer.of(model.backend(), subject)) {
        LabelStudy found =
            explainer.with(bars).study(how, EvidenceOptions.of(config, noises.seed), known);
        FieldStudy study = found.field();
        JsonObject summary = Summary.of(spec.name(), model);
        summary.addProperty("rule", rule);
        summary.addProperty("seed", noises.seed);
        List<String> remarks = remarks(model, study);
        if (found.noise() != null) {
          summary.add("noise", json(found.noise()));
          remarks.add(sentence(model, found.noise()));
        }
        JsonArray said = new JsonArray();
        remarks.forEach(said::add);
        summary.add("remarks", said);
        summary.add("field_study", json(study));
        classes(model, study).write(work.file("study.csv"));
        PrintWriter writer = spec.commandLine().getOut();
        if (noises.inject != null) {
          listed.write(work.file("noise.csv"));
          summary.addProperty("injected", noises.inject);
          summary.addProperty("rate", noises.rate);
        }
        WorstClassOverlap overlap = others.isEmpty() ? null : overlap(model);
        if (overlap != null) {
          overlap(overlap).write(work.file("overlap.csv"));
          summary.add("overlap", json(overlap));
        }
        JsonFile.write(work.file("summary.json"), summary);
        page(model, study, overlap, remarks).write(work);
        work.commit(List.of("overlap.csv", "noise.csv"));
        bars.finish();
        remarks.forEach(writer::println);
        print(writer, model, study, overlap);
      }
    }
    return 0;
  }

  private List<String> results() {
    List<String> names = new ArrayList<>(List.of("study.csv", "summary.json", "report.html"));
    if (!others.isEmpty()) {
      names.add("overlap.csv");
    }
    if (noises.inject != null) {
      names.add("noise.csv");
    }
    return names;
  }

  /** What the reader has to know about what was studied. */
  private List<String> remarks(ModelInputs model, FieldStudy study) {
    List<String> remarks = new ArrayList<>();
    Audits.heldOut(
            model,
            model.subject().labelled().trained().length,
            "Studied are the %,d samples that the head was trained on; the %,d that the run held"
                + " out for validation are not among them ('vicinal explain mislabel' looks at"
                + " all).")
        .ifPresent(remarks::add);
    Audits.trainedHere(model, "this study").ifPresent(remarks::add);
    if (study.changed() > 0) {
      remarks.add(
          "By the rule "
              + rule
              + " a sample is recommended what one would guess without a look at its label. That is"
              + " more than is wrong; how many labels are, and which, 'vicinal explain relabel'"
              + " estimates.");
      remarks.add(worst(model, study));
    }
    return remarks;
  }

  /** The classes of which most is recommended another, by name. */
  private static String worst(ModelInputs model, FieldStudy study) {
    long concerned = study.classes().stream().filter(one -> one.changed() > 0).count();
    return (concerned > NAMED ? "The classes with most: " : "By class: ")
        + study.classes().stream()
            .filter(one -> one.changed() > 0)
            .sorted(Comparator.comparingDouble(ClassRecommendations::rate).reversed())
            .limit(NAMED)
            .map(
                one ->
                    String.format(
                        Locale.ROOT,
                        "%s (%,d of %,d, %s to %s)",
                        model.subject().classText(model.subject().classId(one.label())),
                        one.changed(),
                        one.samples(),
                        one.towardsOther() == one.changed() ? "all" : "mostly",
                        model.subject().classText(model.subject().classId(one.other()))))
            .collect(Collectors.joining("; "))
        + (concerned > NAMED ? "; the others are in study.csv." : ".");
  }

  private static String sentence(FieldStudy study) {
    long classes = study.classesWithSuggestion();
    return String.format(
        Locale.ROOT,
        "%s recommended another class: %.1f %% of all%s.",
        study.changed() == 1
            ? "1 sample is"
            : Text.count(study.changed(), "sample", "samples") + " are",
        study.percentOfAll(),
        classes == 0 || classes == study.classes().size()
            ? ""
            : String.format(
                Locale.ROOT,
                ", %.1f %% of the %s concerned",
                study.percentOfAffected(),
                classes == 1 ? "class" : String.format(Locale.ROOT, "%,d classes", classes)));
  }

  private Page page(
      ModelInputs model, FieldStudy study, WorstClassOverlap overlap, List<String> remarks) {
    Page page =
        new Page(spec.name(), "Labels of a training set", model, null).fact("Seed", noises.seed);
    page.headline(sentence(study), remarks, List.of());
    page.add(Sections.field("Recommended by the rule " + rule + ".", study));
    return overlap == null
        ? page
        : page.add(
            Sections.worstClasses("Runs in the order named.", overlap, model.subject()::classText));
  }

  private static String sentence(ModelInputs model, NoiseStudy noise) {
    DirectionStability stability = noise.stability();
    return String.format(
        Locale.ROOT,
        "Of the samples known to be wrong, by empirical influence on the confusions of %s: %s; %s.",
        model.subject().classText(noise.label()),
        part(noise.harmful(), "most harmful", stability.harmfulNegative(), "turn helpful"),
        part(noise.helpful(), "most helpful", stability.helpfulNegative(), "stay helpful"));
  }

  private static String part(NeighbourPurity some, String which, int count, String then) {
    int n = some.perSample().length;
    return n == 0
        ? "none is " + which
        : String.format(
            Locale.ROOT,
            "the %d %s have %.0f %% neighbours of their right class, and %d %s, where the weight"
                + " moves less far",
            n,
            which,
            100 * some.mean(),
            count,
            then);
  }

  private static JsonObject json(NoiseStudy noise) {
    JsonObject json = new JsonObject();
    json.addProperty("query", "group " + noise.label());
    json.addProperty("harmful", noise.harmful().perSample().length);
    json.addProperty("helpful", noise.helpful().perSample().length);
    json.add("purity_of_harmful", Summary.number(noise.harmful().mean()));
    json.add("purity_of_helpful", Summary.number(noise.helpful().mean()));
    json.addProperty("helpful_still_helpful", noise.stability().helpfulNegative());
    json.addProperty("harmful_turned", noise.stability().harmfulNegative());
    return json;
  }

  private static CsvFile classes(ModelInputs model, FieldStudy study) {
    CsvFile csv =
        model.csv(
            "class",
            "samples",
            "changed",
            "rate",
            "towards",
            "towards_count",
            "entropy",
            "category_by_share",
            "category_by_entropy");
    for (ClassRecommendations one : study.classes()) {
      csv.row(
          model.subject().classId(one.label()),
          one.samples(),
          one.changed(),
          one.rate(),
          one.other() < 0 ? null : model.subject().classId(one.other()),
          one.towardsOther(),
          one.entropy(),
          text(one.category(Category.Rule.SHARE)),
          text(one.category(Category.Rule.ENTROPY)));
    }
    return csv;
  }

  private static String text(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static JsonObject json(FieldStudy study) {
    JsonObject json = new JsonObject();
    json.addProperty("classes", study.classes().size());
    json.addProperty("classes_with_suggestion", study.classesWithSuggestion());
    json.addProperty("changed", study.changed());
    json.addProperty("percent_of_all", study.percentOfAll());
    json.addProperty("percent_of_affected", study.percentOfAffected());
    for (Category.Rule how : Category.Rule.values()) {
      JsonObject counts = new JsonObject();
      for (Category category : Category.values()) {
        counts.addProperty(text(category), study.count(category, how));
      }
      json.add("categories_by_" + text(how), counts);
    }
    return json;
  }

  private WorstClassOverlap overlap(ModelInputs model) {
    List<WorstClassOverlap.Worst> lists = new ArrayList<>();
    lists.add(worst(model, 0));
    for (Path other : others) {
      ModelOptions same = new ModelOptions();
      same.run = other;
      same.testFeatures = inputs.testFeatures;
      same.testLabels = inputs.testLabels;
      same.threads = inputs.threads;
      same.device = inputs.device;
      try (ModelInputs opened = ModelInputs.openWithTest(same)) {
        lists.add(worst(opened, lists.size()));
      }
    }
    return new WorstClassOverlap(lists);
  }

  private WorstClassOverlap.Worst worst(ModelInputs model, long number) {
    return new WorstClassOverlap.Worst(
        model.subject().model().loss().name(),
        number,
        model.subject().confusions(model.backend(), Neighbouring.COSINE).worstClasses(worst));
  }

  private Object first() {
    return inputs.run != null ? inputs.run : inputs.head != null ? inputs.head : "trained here";
  }

  private CsvFile overlap(WorstClassOverlap overlap) {
    CsvFile csv = new CsvFile("run", "loss", "worst_classes");
    for (int i = 0; i < overlap.lists().size(); i++) {
      WorstClassOverlap.Worst list = overlap.lists().get(i);
      csv.row(
          i == 0 ? first() : others.get(i - 1),
          list.loss(),
          String.join(" ", list.classes().stream().map(String::valueOf).toList()));
    }
    return csv;
  }

  private static JsonObject json(WorstClassOverlap overlap) {
    JsonObject json = new JsonObject();
    json.add("in_all", Summary.fact(overlap.inAll()));
    JsonArray shared = new JsonArray();
    for (WorstClassOverlap.Worst a : overlap.lists()) {
      shared.add(
          Summary.fact(overlap.lists().stream().map(b -> WorstClassOverlap.shared(a, b)).toList()));
    }
    json.add("shared", shared);
    return json;
  }

  private void print(
      PrintWriter writer, ModelInputs model, FieldStudy study, WorstClassOverlap overlap) {
    writer.println(sentence(study));
    Table table = new Table("category", "by share", "by entropy");
    for (Category category : Category.values()) {
      table.row(
          text(category),
          Long.toString(study.count(category, Category.Rule.SHARE)),
          Long.toString(study.count(category, Category.Rule.ENTROPY)));
    }
    table.print(writer);
    if (overlap != null) {
      writer.println(
          overlap.inAll().size()
              + " of the "
              + worst
              + " worst test classes are shared by all "
              + overlap.lists().size()
              + " runs"
              + (overlap.inAll().isEmpty() ? "" : ": ")
              + Names.listed(overlap.inAll().stream().map(model.subject()::classText).toList()));
    }
    writer.println("written: " + out);
  }
}
