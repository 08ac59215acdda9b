package io.vicinal.cli.demo;

import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.cli.common.Text;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.relabel.Proposal;
import io.vicinal.curate.relabel.RelabelAccuracy;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.verify.Badge;
import io.vicinal.nn.Head;
import io.vicinal.report.Blame;
import io.vicinal.report.BlameSections;
import io.vicinal.report.Fact;
import io.vicinal.report.Gallery;
import io.vicinal.report.HtmlReport;
import io.vicinal.report.MapSection;
import io.vicinal.report.NoiseSections;
import io.vicinal.report.Pixels;
import io.vicinal.report.ReportData;
import io.vicinal.report.Section;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The page of the demo's last act. */
final class StoryReport {
  private final StorySettings settings;
  private final FeatureSet noisy;
  private final LabelNoise noise;
  private final Retrieval before;
  private final Repair repair;
  private final Repair other;
  private final List<DetectionCurve> curves;
  private final Map<String, double[]> suspicion;
  private final Relabelling relabelling;
  private final RelabelAccuracy accuracy;
  private final Gallery gallery;
  private final BlameSections blame;

  /**
   * @param clean the training images with their right labels
   * @param blame null if no test image is confused
   */
  StoryReport(
      StorySettings settings,
      FeatureSet clean,
      FeatureSet noisy,
      FeatureSet test,
      Retrieval before,
      Repair repair,
      Repair other,
      List<DetectionCurve> curves,
      Map<String, double[]> suspicion,
      Blame blame) {
    this.settings = settings;
    this.noisy = noisy;
    this.noise = repair.noise();
    this.before = before;
    this.repair = repair;
    this.other = other;
    this.curves = curves;
    this.suspicion = suspicion;
    this.relabelling = repair.relabelling();
    this.accuracy = repair.accuracy();
    this.gallery = gallery(clean, noisy, test);
    this.blame = blame == null ? null : new BlameSections(blame, gallery, proposed());
  }

  /** How many explained confusions earned the badge. */
  long verified() {
    return blame == null ? 0 : blame.count(Badge.VERIFIED);
  }

  /** One effect in words, or null. */
  String example() {
    return blame == null ? null : blame.example();
  }

  void write(Backend backend, Head head, Path file) {
    List<Section> sections = new ArrayList<>();
    sections.add(headline());
    sections.add(retrieval());
    if (blame != null) {
      sections.add(
          blame.confusions(
              "A test image of each of the worst classes, its wrong neighbour, and the training"
                  + " images that pull them together or keep them apart. Effects are predicted for"
                  + " the removal of one image; the largest were checked by solving again without"
                  + " it."));
    }
    sections.add(detection());
    sections.add(
        NoiseSections.proposals(
            relabelling, relabelling.expected(), accuracy, gallery, StoryReport::name));
    sections.add(map(backend, head));
    if (blame != null) {
      sections.addAll(
          blame.proof(
              List.of(
                  "Features are pixels: what another feature extractor would do is not seen"
                      + " here.")));
    }
    HtmlReport.write(
        new ReportData(
            "Wrong labels in Fashion-MNIST: found, repaired, explained",
            Text.say(
                "%,d training images of five classes, %.0f %% of the labels made wrong (%s, seed"
                    + " %d); a linear embedding of their pixels",
                noisy.samples(), 100 * settings.rate(), settings.noise().text(), settings.seed()),
            sections,
            gallery.pictures(),
            List.of(
                new Fact("Version", Version.text()),
                new Fact("Seed", Long.toString(settings.seed())),
                new Fact("Data hash", noisy.sha256().substring(0, 16)),
                new Fact("Settings", settings.howChosen()))),
        file);
  }

  private Section headline() {
    DetectionCurve best = curves.get(0);
    return new Section.Headline(
        Text.say(
            "%,d of %,d labels were made wrong; %.0f %% of them are right again.",
            noise.count(), noisy.samples(), 100 * accuracy.restored()),
        List.of(
            Text.say(
                "Looking at as many images as are wrong, %s finds %.0f %% of them.",
                best.detector(), 100 * best.found(noise.count())),
            repair.outcome(),
            repair.retrieval(before),
            Text.say(
                "Among similar classes, as people confuse them, it is harder to tell: AUC %.3f. %s",
                other.curve().auc(), other.outcome())),
        List.of(
            new Fact("Best detector, AUC", number(best.auc()), best.detector()),
            new Fact(
                "Proposals right",
                percent(accuracy.strict()),
                "of the wrong labels that were suspected"),
            new Fact("Wrong labels repaired", percent(accuracy.restored())),
            new Fact("Right labels broken", Integer.toString(accuracy.broken()))));
  }

  private Section retrieval() {
    String noisy = repair.kind().text() + " noise";
    String others = other.kind().text() + " noise";
    return new Section.RetrievalSection(
        "Heads that were trained alike: on right labels, and with wrong and repaired ones. Test"
            + " images among themselves tell what the head learnt; the nearest training image"
            + " also tells whether its own label is right.",
        List.of("right labels", noisy, noisy + ", repaired", others, others + ", repaired"),
        List.of(-1, 0, 1, 0, 3),
        List.of(
            metric("R@1 among test images", Retrieval::recall),
            metric("MAP@R among test images", Retrieval::mapAtR),
            metric("R@1 among training images", Retrieval::galleryRecall)),
        List.of());
  }

  private Section.Metric metric(String name, ToDoubleFunction<Retrieval> value) {
    return new Section.Metric(
        name,
        Stream.of(before, repair.noisy(), repair.repaired(), other.noisy(), other.repaired())
            .map(value::applyAsDouble)
            .toList());
  }

  private Section detection() {
    return NoiseSections.detection(
        "Every detector ranks all images without knowing which labels are wrong. How a sample"
            + " confuses one class (the group rankings) is another question than whether its label"
            + " is wrong.",
        curves,
        suspicion.get(curves.get(0).detector()),
        gallery,
        noise.count(),
        NoiseSections.SHOWN);
  }

  private Section map(Backend backend, Head head) {
    boolean[] wrong = noise.mask((int) noisy.samples());
    long[] rows = MapSection.rows(noisy.samples(), List.of());
    return MapSection.of(
        "The noisy head's embedding of the first " + rows.length + " training images.",
        backend,
        head,
        noisy.features(),
        rows,
        gallery,
        i -> wrong[(int) i] ? "wrong label" : null,
        settings.seed());
  }

  private static Gallery gallery(FeatureSet clean, FeatureSet noisy, FeatureSet test) {
    return new Gallery(shelf("image", noisy, clean.labels().toLongs()), shelf("query", test, null));
  }

  private static Gallery.Shelf shelf(String word, FeatureSet set, long[] right) {
    return new Gallery.Shelf(
        word,
        LongStream.range(0, set.samples()).toArray(),
        set.labels().toLongs(),
        right,
        StoryReport::name,
        Pixels.of(set.features(), FashionMnist.SIDE, FashionMnist.SIDE));
  }

  private Map<Integer, String> proposed() {
    Map<Integer, String> all = new HashMap<>();
    for (Proposal p : relabelling.proposals()) {
      if (p.decision() == Proposal.Decision.RELABEL) {
        all.put(p.id(), name(p.best()));
      }
    }
    return all;
  }

  /** What to call a class. */
  static String name(long label) {
    return FashionMnist.CLASSES.get((int) label);
  }

  private static String percent(double share) {
    return Text.say("%.1f %%", 100 * share);
  }

  private static String number(double value) {
    return Text.say("%.3f", value);
  }
}
