package io.vicinal.report;

import io.vicinal.curate.study.Category;
import io.vicinal.curate.study.FieldStudy;
import io.vicinal.curate.study.WorstClassOverlap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/** Sections of studies. Stateless. */
public final class Sections {
  private Sections() {}

  /** The classes of a field study by category, by both rules. */
  public static Section.Field field(String lead, FieldStudy study) {
    List<Category> categories =
        Arrays.stream(Category.values()).filter(c -> c != Category.NONE).toList();
    List<Section.Counts> rules = new ArrayList<>();
    for (Category.Rule rule : Category.Rule.values()) {
      String name =
          rule == Category.Rule.SHARE ? "share of the first at least 0.9" : "entropy below 0.35";
      rules.add(
          new Section.Counts(name, categories.stream().map(c -> study.count(c, rule)).toList()));
    }
    return new Section.Field(
        lead,
        List.of(
            new Fact(
                "Classes with a suggestion",
                study.classesWithSuggestion() + " of " + study.classes().size()),
            new Fact(
                "Samples that are recommended another class",
                percent(study.percentOfAll()),
                study.changed() + " of all"),
            new Fact(
                "The same, of those classes",
                percent(study.percentOfAffected()),
                "of the samples of classes with a suggestion, as published")),
        categories.stream().map(c -> c.name().toLowerCase(Locale.ROOT)).toList(),
        rules);
  }

  /**
   * The worst classes of several models.
   *
   * @param className what to call a class
   */
  public static Section.WorstClasses worstClasses(
      String lead, WorstClassOverlap overlap, LongFunction<String> className) {
    WorstClassOverlap.HeatMap map = overlap.heatMap();
    List<Fact> facts = new ArrayList<>();
    for (String loss : overlap.losses()) {
      addMean(facts, loss + ", over seeds", overlap.mean(loss, loss));
    }
    List<String> losses = overlap.losses();
    for (int i = 0; i < losses.size(); i++) {
      for (int j = i + 1; j < losses.size(); j++) {
        String pair = losses.get(i) + " and " + losses.get(j);
        addMean(facts, pair, overlap.mean(losses.get(i), losses.get(j)));
      }
    }
    String common =
        overlap.inAll().stream().map(className::apply).collect(Collectors.joining(", "));
    facts.add(new Fact("In every list", common.isEmpty() ? "none" : common));
    return new Section.WorstClasses(
        lead,
        overlap.lists().stream().map(l -> l.loss() + " " + l.seed()).toList(),
        map.classes().stream().map(className::apply).toList(),
        map.ranks(),
        facts);
  }

  private static void addMean(List<Fact> facts, String name, double mean) {
    if (!Double.isNaN(mean)) {
      facts.add(new Fact(name, String.format(Locale.ROOT, "%.1f classes shared", mean)));
    }
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.1f %%", value);
  }
}
