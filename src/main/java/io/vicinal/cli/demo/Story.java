package io.vicinal.cli.demo;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.HeadModel;
import io.vicinal.influence.noise.DetectionCurve;
import io.vicinal.influence.noise.Detector;
import io.vicinal.influence.noise.Detectors;
import io.vicinal.influence.noise.Evidence;
import io.vicinal.influence.noise.EvidenceOptions;
import io.vicinal.influence.noise.Ranking;
import io.vicinal.influence.relabel.Proposal;
import io.vicinal.influence.relabel.RelabelAccuracy;
import io.vicinal.influence.relabel.RelabelRule;
import io.vicinal.influence.relabel.Relabelling;
import io.vicinal.influence.relabel.Retrieval;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The demo's last act: labels of real images are made wrong, found, repaired and the repair is
 * measured; confusions of the noisy head are traced to training images, and the blame is checked by
 * solving again. Not for several threads at once.
 */
public final class Story {
  /** The heads that are compared. */
  static final String CLEAN = "before noise";

  static final String NOISY = "noisy";
  static final String REPAIRED = "repaired";

  private static final String RANKS = "rank-average"; // what chooses the suspects

  /**
   * What came out.
   *
   * @param images how many training images
   * @param wrong how many labels were made wrong
   * @param heads retrieval of test images by each head
   * @param best the detector with the largest AUC
   * @param relabelled labels that were changed
   * @param accuracy of the proposals
   * @param verified confusions whose blame was verified
   * @param confusions that were explained
   * @param example one effect in words, or null
   * @param report the page
   */
  public record Result(
      int images,
      int wrong,
      Map<String, Retrieval> heads,
      DetectionCurve best,
      long relabelled,
      RelabelAccuracy accuracy,
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
  public Result run(Path report) {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      FeatureSet clean = first(FashionMnist.train(images, arena), settings.images(), arena);
      FeatureSet test = first(FashionMnist.test(images, arena), Integer.MAX_VALUE, arena);
      long[] right = clean.labels().toLongs();
      LabelNoise noise =
          LabelNoise.inject(settings.noise(), settings.rate(), right, settings.seed());
      FeatureSet noisy = relabelled(clean, noise.apply(right), arena);
      at("training on right and on wrong labels");
      HeadTraining trainer = HeadTraining.of(backend, config);
      Loss loss = Losses.create(config.loss().name(), config.loss().params());
      Map<String, Retrieval> heads = new LinkedHashMap<>();
      heads.put(CLEAN, measure(backend, train(trainer, clean, arena), test, clean));
      Head head = train(trainer, noisy, arena);
      heads.put(NOISY, measure(backend, head, test, noisy));
      HeadModel model = new HeadModel(loss, noisy, head.tensors());
      EvidenceOptions options = EvidenceOptions.of(config, settings.seed());
      try (Evidence evidence = Evidence.of(backend, model, test, options)) {
        at("looking for wrong labels");
        Map<String, double[]> suspicion = suspicion(evidence);
        List<DetectionCurve> curves = new ArrayList<>();
        boolean[] mask = noise.mask(right.length);
        suspicion.forEach((name, scores) -> curves.add(DetectionCurve.of(name, scores, mask)));
        curves.sort(Comparator.comparingDouble(c -> -c.auc()));
        at("repairing them");
        Relabelling relabelling = propose(evidence, suspicion.get(RANKS));
        FeatureSet repaired = relabelled(clean, relabelling.cleaned(), arena);
        heads.put(REPAIRED, measure(backend, train(trainer, repaired, arena), test, repaired));
        at("tracing confusions");
        Blame blame = Tracing.of(backend, model, test, settings, progress());
        at("writing the report");
        StoryReport page =
            new StoryReport(
                settings, clean, noisy, test, noise, heads, curves, suspicion, relabelling, blame);
        page.write(backend, head, report);
        return result(noise, heads, curves, relabelling, blame, page, report);
      }
    }
  }

  private Result result(
      LabelNoise noise,
      Map<String, Retrieval> heads,
      List<DetectionCurve> curves,
      Relabelling relabelling,
      Blame blame,
      StoryReport page,
      Path report) {
    return new Result(
        relabelling.labels().length,
        noise.count(),
        heads,
        curves.get(0),
        relabelling.count(Proposal.Decision.RELABEL),
        RelabelAccuracy.of(relabelling, noise),
        page.verified(),
        blame == null ? 0 : blame.items().size(),
        page.example(),
        report);
  }

  private void at(String what) {
    watcher.at(done++, 5, what);
  }

  private Progress progress() {
    return (stage, now, total, products, residual) -> watcher.at(done, 5, stage);
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

  private static Map<String, double[]> suspicion(Evidence evidence) {
    Map<String, double[]> all = new LinkedHashMap<>();
    List<String> names = new ArrayList<>(Detectors.names());
    names.addAll(Detectors.namesByInfluence());
    for (String name : names) {
      Detector detector = Detectors.named(name);
      all.put(name, detector.scores(evidence));
    }
    return all;
  }

  private static Relabelling propose(Evidence evidence, double[] scores) {
    int[] order = Ranking.order(scores);
    long wanted = Math.round(evidence.noiseRate() * evidence.samples());
    int suspects = (int) Math.max(1, Math.min(order.length, wanted));
    return Relabelling.propose(
        evidence,
        Arrays.copyOf(order, suspects),
        RelabelRule.COMBINED,
        Relabelling.Options.defaults());
  }
}
