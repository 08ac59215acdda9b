package io.vicinal.cli.explain;

import io.vicinal.Version;
import io.vicinal.data.FeatureSet;
import io.vicinal.report.Fact;
import io.vicinal.report.Gallery;
import io.vicinal.report.HtmlReport;
import io.vicinal.report.MapSection;
import io.vicinal.report.Pixels;
import io.vicinal.report.ReportData;
import io.vicinal.report.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/** The {@code report.html} of a command. For one thread. */
final class Page {
  private final String title;
  private final Model model;
  private final Gallery gallery;
  private final List<Section> sections = new ArrayList<>();
  private final List<Fact> provenance = new ArrayList<>();

  /**
   * @param command that makes it
   * @param right the right label (proxy row) of each training sample, or null if that is not known
   */
  Page(String command, String title, Model model, long[] right) {
    this.title = title;
    this.model = model;
    FeatureSet training = model.model().training();
    String word = model.imageWidth() > 0 ? "image" : "sample";
    Gallery.Shelf test = null;
    if (model.test() != null) {
      long[] rows = LongStream.range(0, model.test().samples()).toArray();
      test = shelf("query", model.test(), rows, null, model::testClass);
    }
    gallery =
        new Gallery(shelf(word, training, model.positions(), right, model::trainingClass), test);
    fact("Command", "vicinal explain " + command);
    fact("Version", Version.text());
    fact("Data hash", model.trainingHash().substring(0, 16));
    fact("Machine", model.backend().isa() + ", threads: " + model.backend().threads());
  }

  private Gallery.Shelf shelf(
      String word, FeatureSet set, long[] ids, long[] right, LongFunction<String> name) {
    Pixels pixels =
        model.imageWidth() == 0
            ? null
            : Pixels.of(set.features(), model.imageWidth(), (int) set.width() / model.imageWidth());
    return new Gallery.Shelf(word, ids, set.labels().toLongs(), right, name, pixels);
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
    FeatureSet training = model.model().training();
    Section map =
        MapSection.of(
            "Training samples where the head puts them.",
            model.backend(),
            model.head(),
            training.features(),
            MapSection.rows(training.samples(), shown),
            gallery,
            mark,
            seed);
    return map == null ? this : add(map);
  }

  void write(WorkFolder work) {
    HtmlReport.write(
        new ReportData(title, subtitle(), sections, gallery.pictures(), provenance),
        work.file("report.html"));
  }

  private String subtitle() {
    String test =
        model.test() == null
            ? ""
            : String.format(Locale.ROOT, " \u00b7 %,d test samples", model.test().samples());
    return String.format(
        Locale.ROOT,
        "%,d training samples of %,d classes%s \u00b7 %s head, %,d \u2192 %,d",
        model.model().samples(),
        model.model().classes(),
        test,
        model.model().loss().name(),
        model.model().training().width(),
        model.model().head().weight().dim(0));
  }
}
