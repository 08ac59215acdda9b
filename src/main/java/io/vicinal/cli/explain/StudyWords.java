package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.study.Category;
import io.vicinal.curate.study.ClassRecommendations;
import io.vicinal.curate.study.DirectionStability;
import io.vicinal.curate.study.FieldStudy;
import io.vicinal.curate.study.NeighbourPurity;
import io.vicinal.curate.study.NoiseStudy;
import io.vicinal.curate.study.WorstClassOverlap;
import io.vicinal.data.Names;
import io.vicinal.explain.LabelStudy;
import io.vicinal.explain.Subject;
import io.vicinal.report.Sections;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a study found: as files, parts of a report, and lines for a terminal. */
final class StudyWords {
  private static final int NAMED = 5; // classes on the console

  private final ModelInputs model;
  private final Subject subject;
  private final String rule;
  private final FieldStudy study;
  private final NoiseStudy noise; // or null
  private final WorstClassOverlap overlap; // or null
  private final List<String> remarks;

  StudyWords(ModelInputs model, String rule, LabelStudy found, WorstClassOverlap overlap) {
    this.model = model;
    this.subject = model.subject();
    this.rule = rule;
    this.study = found.field();
    this.noise = found.noise();
    this.overlap = overlap;
    this.remarks = remarks(model);
  }

  /** What the reader has to know about what was studied. */
  private List<String> remarks(ModelInputs model) {
    List<String> remarks = new ArrayList<>();
    Audits.heldOut(
            model,
            subject.labelled().trained().length,
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
      remarks.add(worst());
    }
    if (noise != null) {
      remarks.add(noise());
    }
    return remarks;
  }

  /** The classes of which most is recommended another, by name. */
  private String worst() {
    long concerned = study.classes().stream().filter(one -> one.changed() > 0).count();
    return (concerned > NAMED ? "The classes with most: " : "By class: ")
        + study.classes().stream()
            .filter(one -> one.changed() > 0)
            .sorted(Comparator.comparingDouble(ClassRecommendations::rate).reversed())
            .limit(NAMED)
            .map(
                one ->
                    Text.say(
                        "%s (%,d of %,d, %s to %s)",
                        subject.classText(subject.classId(one.label())),
                        one.changed(),
                        one.samples(),
                        one.towardsOther() == one.changed() ? "all" : "mostly",
                        subject.classText(subject.classId(one.other()))))
            .collect(Collectors.joining("; "))
        + (concerned > NAMED ? "; the others are in study.csv." : ".");
  }

  private String sentence() {
    long classes = study.classesWithSuggestion();
    return Text.say(
        "%s recommended another class: %.1f %% of all%s.",
        study.changed() == 1
            ? "1 sample is"
            : Text.count(study.changed(), "sample", "samples") + " are",
        study.percentOfAll(),
        classes == 0 || classes == study.classes().size()
            ? ""
            : Text.say(
                ", %.1f %% of the %s concerned",
                study.percentOfAffected(),
                classes == 1 ? "class" : Text.say("%,d classes", classes)));
  }

  private String noise() {
    DirectionStability stability = noise.stability();
    return Text.say(
        "Of the samples known to be wrong, by empirical influence on the confusions of %s: %s; %s.",
        subject.classText(noise.label()),
        part(noise.harmful(), "most harmful", stability.harmfulNegative(), "turn helpful"),
        part(noise.helpful(), "most helpful", stability.helpfulNegative(), "stay helpful"));
  }

  private static String part(NeighbourPurity some, String which, int count, String then) {
    int n = some.perSample().length;
    return n == 0
        ? "none is " + which
        : Text.say(
            "the %d %s have %.0f %% neighbours of their right class, and %d %s, where the weight"
                + " moves less far",
            n, which, 100 * some.mean(), count, then);
  }

  /** A row per class. */
  CsvFile classes() {
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
          subject.classId(one.label()),
          one.samples(),
          one.changed(),
          one.rate(),
          one.other() < 0 ? null : subject.classId(one.other()),
          one.towardsOther(),
          one.entropy(),
          text(one.category(Category.Rule.SHARE)),
          text(one.category(Category.Rule.ENTROPY)));
    }
    return csv;
  }

  /**
   * A row per run.
   *
   * @param runs what to call each
   */
  CsvFile overlap(List<Object> runs) {
    CsvFile csv = model.csv("run", "loss", "worst_classes");
    for (int i = 0; i < overlap.lists().size(); i++) {
      WorstClassOverlap.Worst list = overlap.lists().get(i);
      csv.row(runs.get(i), list.loss(), list.classes());
    }
    return csv;
  }

  void addTo(JsonObject summary) {
    if (noise != null) {
      summary.add("noise", ofNoise());
    }
    summary.add("remarks", JsonFile.tree(remarks));
    summary.add("field_study", ofField());
  }

  private JsonObject ofNoise() {
    JsonObject json = new JsonObject();
    json.addProperty("query", "group " + noise.label());
    json.addProperty("harmful", noise.harmful().perSample().length);
    json.addProperty("helpful", noise.helpful().perSample().length);
    json.addProperty("purity_of_harmful", noise.harmful().mean());
    json.addProperty("purity_of_helpful", noise.helpful().mean());
    json.addProperty("helpful_still_helpful", noise.stability().helpfulNegative());
    json.addProperty("harmful_turned", noise.stability().harmfulNegative());
    return json;
  }

  private JsonObject ofField() {
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

  /** The worst classes that runs share. */
  JsonObject shared() {
    JsonObject json = new JsonObject();
    json.add("in_all", JsonFile.tree(overlap.inAll()));
    JsonArray shared = new JsonArray();
    for (WorstClassOverlap.Worst a : overlap.lists()) {
      shared.add(
          JsonFile.tree(
              overlap.lists().stream().map(b -> WorstClassOverlap.shared(a, b)).toList()));
    }
    json.add("shared", shared);
    return json;
  }

  private static String text(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  void addTo(Page page) {
    page.headline(sentence(), remarks, List.of());
    page.add(Sections.field("Recommended by the rule " + rule + ".", study));
    if (overlap != null) {
      page.add(Sections.worstClasses("Runs in the order named.", overlap, subject::classText));
    }
  }

  /**
   * @param worst how many classes of each run are compared
   */
  void print(int worst, PrintWriter writer) {
    remarks.forEach(writer::println);
    writer.println(sentence());
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
              + Names.listed(overlap.inAll().stream().map(subject::classText).toList()));
    }
  }
}
