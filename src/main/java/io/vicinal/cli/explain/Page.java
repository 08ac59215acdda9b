package io.vicinal.cli.explain;

import io.vicinal.Version;
import io.vicinal.cli.common.Text;
import io.vicinal.data.FeatureSet;
import io.vicinal.explain.Labelled;
import io.vicinal.report.Fact;
import io.vicinal.report.Gallery;
import io.vicinal.report.HtmlReport;
import io.vicinal.report.Look;
import io.vicinal.report.MapSection;
import io.vicinal.report.ReportData;
import io.vicinal.report.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The {@code report.html} of a command. For one thread. */
final class Page {
  private final String title;
  private final ModelInputs model;
  private final Labelled samples;
  private final Gallery gallery;
  private final List<Section> sections = new ArrayList<>();
  private final List<Fact> provenance = new ArrayList<>();

  /**
   * @param command that makes it
   * @param right the right label (proxy row) of each training sample, or null if that is not known
   */
  Page(String command, String title, ModelInputs model, long[] right) {
    this(command, title, model, model.subject().trained(), right);
  }

  /**
   * The same of other samples than those trained on.
   *
   * @param samples in whose numbers the page's sections speak
   */
  Page(String command, String title, ModelInputs model, Labelled samples, long[] right) {
    this.title = title;
    this.model = model;
    this.samples = samples;
    String word = model.look() != null ? "image" : "sample";
    Gallery.Shelf test = null;
    if (model.subject().test() != null) {
      test =
          new Gallery.Shelf(
              "query",
              LongStream.range(0, model.subject().test().samples()).toArray(),
              model.subject().test().labels().toLongs(),
              null,
              model.subject()::classText,
              model.testLook(),
              model.subject().testNames());
    }
    gallery =
        new Gallery(
            new Gallery.Shelf(
                word,
                samples.positions(),
                samples.data().labels().toLongs(),
                right,
                c -> model.subject().className(samples, c),
                model.look(samples),
                model.subject().sampleNames()),
            test);
    fact("Command", "vicinal explain " + command);
    fact("Version", Version.text());
    fact("Data hash", model.trainingHash().substring(0, 16));
    fact("Machine", model.backend().isa() + ", threads: " + model.backend().threads());
  }

  Gallery gallery() {
    return gallery;
  }

  /** Adds what it takes to make the report again. */
  Page fact(String name, Object value) {
    provenance.add(new Fact(name, String.valueOf(value)));
    return this;
  }

  /** The result in a sentence, and more. */
  Page headline(String sentence, List<String> findings, List<Fact> figures) {
    return add(new Section.Headline(sentence, findings, figures));
  }

  Page add(Section section) {
    sections.add(section);
    return this;
  }

  /**
   * Adds the head's embedding of some training samples; nothing where they have too many classes.
   *
   * @param shown rows that are not to be missing
   * @param mark of a row, or null
   */
  Page map(List<Integer> shown, LongFunction<String> mark, long seed) {
    FeatureSet training = samples.data();
    long[] rows = MapSection.rows(training.samples(), shown);
    Section map =
        MapSection.of(
            rows.length == training.samples()
                ? "All samples, where the head puts them."
                : Text.say(
                    "%,d of the %,d samples, where the head puts them: those that are"
                        + " named above, and the first of the others.",
                    rows.length, training.samples()),
            model.backend(),
            model.subject().head(),
            training.features(),
            rows,
            gallery,
            mark,
            seed);
    return map == null ? this : add(map);
  }

  void write(WorkFolder work) {
    int unreadable =
        Stream.of(model.look(), model.testLook())
            .filter(Objects::nonNull)
            .mapToInt(Look::unreadable)
            .sum();
    if (unreadable > 0) {
      fact("Pictures that could not be read", unreadable);
    }
    if (model.leftOut() > 0) {
      fact("Samples left out when the features were made", model.leftOut());
    }
    HtmlReport.write(
        new ReportData(title, subtitle(), sections, gallery.pictures(), provenance),
        work.file("report.html"));
  }

  private String subtitle() {
    String test =
        model.subject().test() == null
            ? ""
            : Text.say(" \u00b7 %,d test samples", model.subject().test().samples());
    return Text.say(
        "%,d %s of %,d classes%s \u00b7 %s head, %,d \u2192 %,d",
        samples.data().samples(),
        samples.heldOut() == 0
            ? "training samples"
            : Text.say("samples (%,d of them held out)", samples.heldOut()),
        samples.classIds().length,
        test,
        model.subject().model().loss().name(),
        model.subject().model().training().width(),
        model.subject().model().head().weight().dim(0));
  }
}
