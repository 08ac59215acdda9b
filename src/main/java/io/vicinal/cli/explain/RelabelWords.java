package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.cli.common.CsvFile;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.Table;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.curate.relabel.Proposal;
import io.vicinal.curate.relabel.RelabelAccuracy;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.LabelDecisions;
import io.vicinal.data.LabelNoise;
import io.vicinal.explain.Labelled;
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
import java.util.function.ToDoubleFunction;

/** What relabelling did: as files, parts of a report, and lines for a terminal. */
final class RelabelWords {
  private final ModelInputs model;
  private final LabelAudit audit;
  private final Relabelling relabelling;
  private final LabelNoise noise;
  private final RelabelAccuracy accuracy; // null where no label is known to be wrong
  private final Map<String, Retrieval> measured = new LinkedHashMap<>();

  /**
   * @param noise wrong labels that are known, or null
   */
  RelabelWords(ModelInputs model, LabelAudit audit, LabelNoise noise) {
    this.model = model;
    this.audit = audit;
    this.noise = noise;
    relabelling = audit.relabelling();
    boolean judged = noise != null && noise.count() > 0;
    accuracy = judged ? RelabelAccuracy.of(relabelling, noise) : null;
  }

  /**
   * Takes what heads retrieve.
   *
   * @param delivered whether the delivered head is told too: it may be the next one
   */
  void measured(Relabelled heads, boolean delivered) {
    if (delivered) {
      measured.put("given head", heads.delivered());
    }
    measured.put("trained on the given labels", heads.given());
    measured.put("trained on the cleaned labels", heads.cleaned());
  }

  /** What is going to be changed and what that is expected to do, before anything is written. */
  void announce(List<String> remarks, PrintWriter writer) {
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
      writer.println(expectation());
    }
    writer.flush();
  }

  private String expectation() {
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
        : Text.say(
            "Of the %,d that %s relabelled %s expected to become right and %s to have been right"
                + " before.",
            taken, taken == 1 ? "is" : "are", is(expected.mended()), about(expected.broken()));
  }

  private static String is(double count) {
    return about(count) + (about(count).equals("1") ? " is" : " are");
  }

  private static String about(double count) {
    return Text.say("%,.0f", count);
  }

  /** What the page says first: as many as are changed, by the same rule as all that follows. */
  private String headline() {
    long taken = relabelling.count(Proposal.Decision.RELABEL);
    int suspects = relabelling.proposals().size();
    if (suspects == 0) {
      return "No label is suspected.";
    }
    String of = Text.count(suspects, "suspicious sample", "suspicious samples");
    return taken == 0
        ? "None of " + of + " is relabelled."
        : Text.say("%,d of %s %s relabelled.", taken, of, taken == 1 ? "is" : "are");
  }

  /** A row per suspect. */
  CsvFile proposals() {
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

  void addTo(JsonObject summary) {
    for (Proposal.Decision decision : Proposal.Decision.values()) {
      summary.addProperty(decision.text().replace(' ', '_'), relabelling.count(decision));
    }
    Relabelling.Expected expected = relabelling.expected();
    if (expected != null && audit.isTold()) {
      summary.add("expected", JsonFile.tree(expected));
    }
    if (accuracy != null) {
      JsonObject json = new JsonObject();
      json.addProperty("mislabelled", noise.count());
      json.addProperty("suspected", accuracy.suspectedNoise());
      json.addProperty("original_rule", accuracy.originalRule());
      json.addProperty("mended", accuracy.mended());
      json.addProperty("strict", accuracy.strict());
      json.addProperty("restored", accuracy.restored());
      json.addProperty("broken", accuracy.broken());
      summary.add("accuracy", json);
    }
    if (!measured.isEmpty()) {
      summary.add("test", JsonFile.tree(measured));
    }
  }

  /**
   * Adds everything.
   *
   * @param looked the file of the labels that were looked at, or null
   */
  void addTo(Page page, List<String> remarks, Path looked) {
    List<String> findings = new ArrayList<>(List.of(expectation()));
    findings.addAll(remarks);
    page.headline(
        headline(),
        findings,
        accuracy == null
            ? List.of()
            : List.of(
                new Fact("Wrong labels repaired", Text.percent(accuracy.restored()) + " %"),
                new Fact("Right labels broken", Integer.toString(accuracy.broken()))));
    if (!measured.isEmpty()) {
      page.add(
          new Section.RetrievalSection(
              (measured.size() > 2 ? "The head as it was given, one" : "A head")
                  + " trained on the labels as they are, and one on the cleaned ones.",
              List.copyOf(measured.keySet()),
              List.of(
                  metric("R@1 among test samples", Retrieval::recall),
                  metric("MAP@R among test samples", Retrieval::mapAtR),
                  metric(
                      "Test queries whose nearest training sample is of their class",
                      Retrieval::galleryRecall)),
              List.of()));
    }
    page.add(Suspects.review(model, audit, page.gallery(), looked))
        .add(
            NoiseSections.proposals(
                relabelling,
                audit.isTold() ? relabelling.expected() : null,
                accuracy,
                page.gallery(),
                c -> model.subject().className(model.subject().labelled(), c)));
  }

  private Section.Metric metric(String name, ToDoubleFunction<Retrieval> value) {
    return new Section.Metric(name, measured.values().stream().map(value::applyAsDouble).toList());
  }

  void print(PrintWriter writer) {
    if (accuracy != null) {
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
    if (!measured.isEmpty()) {
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
  }
}
