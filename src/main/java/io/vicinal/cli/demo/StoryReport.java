package io.vicinal.cli.demo;

import io.vicinal.Version;
import io.vicinal.backend.Backend;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.noise.DetectionCurve;
import io.vicinal.influence.noise.Ranking;
import io.vicinal.influence.relabel.Proposal;
import io.vicinal.influence.relabel.RelabelAccuracy;
import io.vicinal.influence.relabel.Relabelling;
import io.vicinal.influence.relabel.Retrieval;
import io.vicinal.nn.Head;
import io.vicinal.report.Badge;
import io.vicinal.report.Chart;
import io.vicinal.report.Fact;
import io.vicinal.report.HtmlReport;
import io.vicinal.report.Projections;
import io.vicinal.report.ReportData;
import io.vicinal.report.Section;
import io.vicinal.report.Series;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The page of the demo's last act. */
final class StoryReport {
  private static final int POINTS = 201; // of a curve
  private static final int CURVES = 8; // that can be told apart
  private static final int SHOWN = 24; // suspects and proposals
  private static final int MAPPED = 600; // training images on the map

  private final StorySettings settings;
  private final FeatureSet noisy;
  private final LabelNoise noise;
  private final Map<String, Retrieval> heads;
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
      LabelNoise noise,
      Map<String, Retrieval> heads,
      List<DetectionCurve> curves,
      Map<String, double[]> suspicion,
      Relabelling relabelling,
      Blame blame) {
    this.settings = settings;
    this.noisy = noisy;
    this.noise = noise;
    this.heads = heads;
    this.curves = curves;
    this.suspicion = suspicion;
    this.relabelling = relabelling;
    this.accuracy = RelabelAccuracy.of(relabelling, noise);
    this.gallery = new Gallery(clean, noisy, test);
    this.blame = blame == null ? null : new BlameSections(blame, gallery, relabelling);
  }

  /** How many explained confusions earned the badge. */
  long verified() {
    return blame == null ? 0 : blame.verified();
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
      sections.add(blame.confusions());
    }
    sections.add(detection());
    sections.add(proposals());
    sections.add(map(backend, head));
    if (blame != null) {
      sections.addAll(blame.proof());
    }
    HtmlReport.write(
        new ReportData(
            "Wrong labels in Fashion-MNIST: found, repaired, explained",
            String.format(
                Locale.ROOT,
                "%,d training images of five classes, %.0f %% of the labels made wrong (%s, seed"
                    + " %d); a linear embedding of their pixels",
                noisy.samples(),
                100 * settings.rate(),
                settings.noise().text(),
                settings.seed()),
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
    Retrieval before = heads.get(Story.CLEAN);
    Retrieval hurt = heads.get(Story.NOISY);
    Retrieval after = heads.get(Story.REPAIRED);
    return new Section.Headline(
        String.format(
            Locale.ROOT,
            "%,d of %,d labels were made wrong; %.0f %% of them are right again.",
            noise.count(),
            noisy.samples(),
            100 * accuracy.restored()),
        List.of(
            String.format(
                Locale.ROOT,
                "Looking at as many images as are wrong, %s finds %.0f %% of them.",
                best.detector(),
                100 * best.found(noise.count())),
            String.format(
                Locale.ROOT,
                "A test image's nearest training image carries its label in %.1f %% of the cases"
                    + " before the noise, %.1f %% with it, %.1f %% after the repair.",
                100 * before.galleryRecall(),
                100 * hurt.galleryRecall(),
                100 * after.galleryRecall())),
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
    return new Section.Retrieval(
        "Three heads, trained alike: on right labels, with the wrong ones, and on the repaired"
            + " ones.",
        List.copyOf(heads.keySet()),
        List.of(
            metric("R@1 among test images", Retrieval::recall),
            metric("MAP@R among test images", Retrieval::mapAtR),
            metric("R@1 among training images", Retrieval::galleryRecall)),
        List.of());
  }

  private Section.Metric metric(String name, ToDoubleFunction<Retrieval> value) {
    return new Section.Metric(name, heads.values().stream().map(value::applyAsDouble).toList());
  }

  private Section detection() {
    List<Series> series =
        curves.stream()
            .filter(c -> curves.indexOf(c) < CURVES - 1 || c.detector().equals("random"))
            .map(c -> Series.of(c.detector(), Arrays.asList(c.points(POINTS))))
            .toList();
    List<Section.Detector> table =
        curves.stream()
            .map(
                c ->
                    new Section.Detector(
                        c.detector(),
                        c.auc(),
                        c.averagePrecision(),
                        c.precisionAt(noise.count()),
                        noise.count()))
            .toList();
    double[] scores = suspicion.get(curves.get(0).detector());
    List<Section.Suspect> suspects =
        Arrays.stream(Ranking.order(scores))
            .limit(SHOWN)
            .mapToObj(i -> new Section.Suspect(gallery.train(i), scores[i]))
            .toList();
    return new Section.Detection(
        "Every detector ranks all images without knowing which labels are wrong. How a sample"
            + " confuses one class (the group rankings) is another question than whether its label"
            + " is wrong.",
        Chart.linear("Wrong labels found", "share inspected", "share found", series),
        table,
        suspects);
  }

  private Section proposals() {
    List<Section.Proposal> shown = new ArrayList<>();
    for (Proposal p : relabelling.proposals()) {
      if (shown.size() < SHOWN && p.decision() != Proposal.Decision.KEEP) {
        boolean none = p.decision() == Proposal.Decision.NONE_OF_THESE;
        shown.add(
            new Section.Proposal(
                gallery.train(p.id()),
                none ? null : FashionMnist.CLASSES.get(p.best()),
                p.probability(),
                p.decision().text(),
                (Badge) null));
      }
    }
    return new Section.Relabelling(
        "Proposed from out-of-fold predictions and frozen-feature neighbours, without a look at the"
            + " label itself.",
        List.of(
            new Fact("Suspects", Integer.toString(relabelling.proposals().size())),
            new Fact("Relabelled", Long.toString(relabelling.count(Proposal.Decision.RELABEL))),
            new Fact(
                "Left to a person", Long.toString(relabelling.count(Proposal.Decision.ABSTAIN))),
            new Fact(
                "None of these", Long.toString(relabelling.count(Proposal.Decision.NONE_OF_THESE))),
            new Fact("Right, strictly", percent(accuracy.strict())),
            new Fact("Right by the original's rule", percent(accuracy.originalRule()))),
        shown);
  }

  private Section map(Backend backend, Head head) {
    int count = (int) Math.min(MAPPED, noisy.samples());
    boolean[] wrong = noise.mask((int) noisy.samples());
    List<Section.Point> points = new ArrayList<>();
    double[][] rows = new double[count][];
    try (Arena arena = new Arena(backend.memory())) {
      Tensor z = head.embed(backend, noisy.features().rows(0, count), arena);
      backend.normalizeRows(z, z);
      for (int i = 0; i < count; i++) {
        rows[i] = z.rows(i, i + 1L).toDoubles();
        int label = (int) noisy.labels().longAt(i);
        points.add(new Section.Point(gallery.train(i), label, wrong[i] ? "wrong label" : null));
      }
    }
    return new Section.EmbeddingMap(
        "The noisy head's embedding of the first " + count + " training images.",
        FashionMnist.CLASSES.subList(0, relabelling.classes()),
        points,
        Projections.all(backend, rows, settings.seed()));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
