package io.vicinal.cli.demo;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.data.Names;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.Mislabelled;
import io.vicinal.explain.Subject;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import io.vicinal.report.Blame;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The demo's last act: labels of real images are made wrong, found, repaired and the repair is
 * measured; confusions of the noisy head are traced to training images, and the blame is checked by
 * solving again. Not for several threads at once.
 */
public final class Story {
  private static final String RANKS = "rank-average"; // what chooses the suspects
  private static final int STEPS = 7;

  /**
   * What came out.
   *
   * @param images how many training images
   * @param clean retrieval of test images by the head that was trained on right labels
   * @param repair of the labels whose confusions are traced
   * @param other of labels that were made wrong in another way
   * @param best the detector with the largest AUC, of the first
   * @param verified confusions whose blame was verified
   * @param confusions that were explained
   * @param example one effect in words, or null
   * @param report the page
   */
  public record Told(
      int images,
      Retrieval clean,
      Repair repair,
      Repair other,
      DetectionCurve best,
      long verified,
      int confusions,
      String example,
      Path report) {}

  private final StorySettings settings;
  private final RunConfig config;
  private final Path images;
  private final Demo.Watcher watcher;
  private int done;

  /**
   * @param settings as decided
   * @param config how heads are trained; its classes are used
   * @param images the folder of Fashion-MNIST
   */
  public Story(StorySettings settings, RunConfig config, Path images, Demo.Watcher watcher) {
    this.settings = settings;
    this.config = config.withEpochs(settings.epochs());
    this.images = images;
    this.watcher = watcher;
  }

  /**
   * Runs everything.
   *
   * @param report the page to write
   * @throws io.vicinal.InputException if the data or the page cannot be used
   */
  public Told run(Path report) {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      FeatureSet clean = first(FashionMnist.train(images, arena), settings.images(), arena);
      FeatureSet test = first(FashionMnist.test(images, arena), Integer.MAX_VALUE, arena);
      at("training on right labels");
      HeadTraining trainer = HeadTraining.of(backend, config);
      Retrieval before = measure(backend, train(trainer, clean, arena), test, clean);
      at("wrong labels among similar classes");
      Repair other;
      try (Noisy noisy = new Noisy(backend, trainer, clean, test, settings.otherNoise())) {
        other = noisy.repair(noisy.found(RANKS));
      }
      at("training on wrong labels");
      try (Noisy noisy = new Noisy(backend, trainer, clean, test, settings.noise())) {
        at("looking for wrong labels");
        Mislabelled found = noisy.found();
        List<DetectionCurve> curves = new ArrayList<>(found.curves(noisy.noise));
        curves.sort(Comparator.comparingDouble(c -> -c.auc()));
        at("repairing them");
        Repair repair = noisy.repair(found);
        at("tracing confusions");
        Blame blame = Tracing.of(backend, noisy.explainer.subject(), settings, progress());
        at("writing the report");
        StoryReport page =
            new StoryReport(
                settings,
                clean,
                noisy.set,
                test,
                before,
                repair,
                other,
                curves,
                found.suspicion().scores(),
                blame);
        page.write(backend, noisy.head, report);
        return new Told(
            (int) clean.samples(),
            before,
            repair,
            other,
            curves.get(0),
            page.verified(),
            blame == null ? 0 : blame.items().size(),
            page.example(),
            report);
      }
    }
  }

  private void at(String what) {
    watcher.at(done++, STEPS, what);
  }

  private Progress progress() {
    return (stage, now, total, products, residual) -> watcher.at(done, STEPS, stage);
  }

  /** The first images of the seen classes, in the dataset's order. */
  private FeatureSet first(FeatureSet all, int most, Arena arena) {
    long[] ids = all.idsOf(config.data().classes().stream().mapToLong(c -> c).toArray());
    long[] kept = Arrays.copyOf(ids, Math.min(most, ids.length));
    return all.subset(arena, all.name(), kept);
  }

  private static FeatureSet relabelled(FeatureSet set, long[] labels, Arena arena) {
    Tensor tensor = arena.of(labels, labels.length);
    return new FeatureSet(set.features(), tensor, set.name());
  }

  private Head train(HeadTraining trainer, FeatureSet set, Arena arena) {
    int classes = config.data().classes().size();
    return trainer.train(set.features(), Supervision.hard(classes, set.labels().toLongs()), arena);
  }

  private static Retrieval measure(
      Backend backend, Head head, FeatureSet test, FeatureSet gallery) {
    return Retrieval.of(backend, head, test, gallery);
  }

  /** Wrong labels, the head that learnt them, and what is found out about them. */
  private final class Noisy implements AutoCloseable {
    private final Arena arena = Arena.host();
    private final Backend backend;
    private final HeadTraining trainer;
    private final FeatureSet clean;
    private final FeatureSet test;
    private final LabelNoise.Kind kind;
    private final LabelNoise noise;
    private final FeatureSet set;
    private final Head head;
    private final Explainer explainer;

    Noisy(
        Backend backend,
        HeadTraining trainer,
        FeatureSet clean,
        FeatureSet test,
        LabelNoise.Kind kind) {
      this.backend = backend;
      this.trainer = trainer;
      this.clean = clean;
      this.test = test;
      this.kind = kind;
      this.noise = LabelNoise.inject(kind, settings.rate(), clean, settings.seed());
      this.set = relabelled(clean, noise.apply(clean.labels().toLongs()), arena);
      this.head = train(trainer, set, arena);
      Loss loss = Losses.create(config.loss().name(), config.loss().params());
      this.explainer = Explainer.of(backend, subject(loss));
    }

    /** Classes are called as in the data set. */
    private Subject subject(Loss loss) {
      FeatureSet named = set.named(test.classNames(), Names.none());
      return Subject.of(loss, head, named, test, arena);
    }

    Mislabelled found(String... detectors) {
      EvidenceOptions evidence = EvidenceOptions.of(config, settings.seed());
      return explainer.mislabelled(AuditOptions.of(evidence).by(detectors));
    }

    Repair repair(Mislabelled found) {
      Relabelling relabelling = found.relabelling();
      FeatureSet repaired = relabelled(clean, relabelling.cleaned(), arena);
      double[] ranks = found.audit().scores(RANKS);
      return new Repair(
          kind,
          noise,
          DetectionCurve.of(RANKS, ranks, noise.mask(ranks.length)),
          relabelling,
          measure(backend, head, test, set),
          measure(backend, train(trainer, repaired, arena), test, repaired));
    }

    @Override
    public void close() {
      explainer.close();
      arena.close();
    }
  }
}
