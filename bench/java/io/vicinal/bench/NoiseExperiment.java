package io.vicinal.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.influence.noise.DetectionCurve;
import io.vicinal.influence.noise.Detectors;
import io.vicinal.influence.noise.Evidence;
import io.vicinal.influence.noise.EvidenceOptions;
import io.vicinal.influence.noise.Ranking;
import io.vicinal.influence.relabel.Proposal.Decision;
import io.vicinal.influence.relabel.RelabelAccuracy;
import io.vicinal.influence.relabel.RelabelRule;
import io.vicinal.influence.relabel.Relabelling;
import io.vicinal.influence.relabel.Relabelling.Mode;
import io.vicinal.influence.relabel.Retrieval;
import io.vicinal.nn.Head;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Label noise found and repaired, on Fashion-MNIST: all ten classes, 30,000 of the training images
 * drawn with the seed, their pixels as features, 10 % symmetric noise; the whole test set measures.
 * Nothing is told how much noise there is. For each seed:
 *
 * <ol>
 *   <li>every detector ranks the samples;
 *   <li>as many as the estimated noise rate says are taken from the top of rank-average;
 *   <li>their labels are decided by {@link RelabelRule#COMBINED}, doubtful samples are left out;
 *   <li>heads trained on the clean, the noisy and the repaired labels retrieve, with the labels
 *       that each was trained with as gallery.
 * </ol>
 *
 * <p>Means over the seeds are judged: the best detector's AUC, the share of the noise for which the
 * best guess is right, and how much of the loss of R@1 in the labelled gallery comes back. That is
 * the number that noise costs dearly: a tenth of the answers is wrong. A linear embedding of pixels
 * hardly suffers from symmetric noise itself, so R@1 among the test images, which is told as well,
 * moves by tenths of a point. More than all comes back where relabelling also settles images that
 * were ambiguous from the start.
 */
final class NoiseExperiment implements Experiment {
  private static final RunConfig TRAINING =
      RunConfig.defaults(
          "loss.name=proxy-nca-pp",
          "head.embedding=64",
          "optimizer.lr=0.001",
          "optimizer.groups.proxies.lr=0.01",
          "sampler.batch=250",
          "epochs=15");
  private static final List<String> DETECTORS =
      Stream.of(Detectors.names(), Detectors.namesByInfluence()).flatMap(List::stream).toList();

  private final Map<String, double[]> sums = new LinkedHashMap<>();

  @Override
  public String name() {
    return "noise";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) {
    sums.clear();
    int seeds = quick ? 1 : 5;
    int samples = quick ? 3_000 : 30_000;
    List<String> table = new ArrayList<>();
    JsonArray each = new JsonArray();
    try (Arena arena = Arena.host()) {
      FeatureSet train = FashionMnist.train(arena);
      FeatureSet test = FashionMnist.test(arena);
      for (int seed = 0; seed < seeds; seed++) {
        long start = System.nanoTime();
        JsonObject one = new Seed(backend, train, test, samples, seed).run();
        one.addProperty("seed", seed);
        one.addProperty("seconds", (System.nanoTime() - start) / 1e9);
        System.out.printf(
            Locale.ROOT, "seed %d: %.0f s%n", seed, one.get("seconds").getAsDouble());
        each.add(one);
        one.entrySet()
            .forEach(
                e -> {
                  double[] sum = sums.computeIfAbsent(e.getKey(), k -> new double[1]);
                  sum[0] += e.getValue().getAsDouble() / seeds;
                });
      }
    }
    return outcome(table, each, seeds);
  }

  private double mean(String key) {
    return sums.get(key)[0];
  }

  private Outcome outcome(List<String> table, JsonArray each, int seeds) {
    JsonObject json = new JsonObject();
    String best = DETECTORS.get(0);
    for (String name : DETECTORS) {
      best = mean("auc " + name) > mean("auc " + best) ? name : best;
      table.add(
          String.format(
              Locale.ROOT,
              "%-20s AUC %.4f  AP %.4f  precision at the true number %.4f",
              name,
              mean("auc " + name),
              mean("ap " + name),
              mean("precision " + name)));
    }
    table.add(line("estimated noise rate %.4f (true 0.1)", "estimated rate"));
    for (RelabelRule rule : RelabelRule.values()) {
      table.add(
          line(
              "relabel " + rule.text() + ": right for %.4f of the noise, %.4f with a second guess",
              "strict " + rule.text(),
              "original " + rule.text()));
    }
    table.add(
        line(
            "repair: %.0f suspected, %.0f relabelled, %.0f left out; %.4f of the noise restored,"
                + " %.0f right labels broken",
            "suspected",
            "relabelled",
            "left out",
            "restored",
            "broken"));
    for (String which : List.of("clean", "noisy", "repaired")) {
      table.add(
          line(
              String.format(Locale.ROOT, "%-9s", which)
                  + " R@1 %.4f  MAP@R %.4f among the test images; R@1 %.4f in the labelled gallery",
              which + " recall",
              which + " map@r",
              which + " gallery"));
    }
    double gallery = recovered("gallery");
    for (String what : List.of("gallery", "recall", "map@r")) {
      double cost = mean("clean " + what) - mean("noisy " + what);
      table.add(
          String.format(Locale.ROOT, "%-8s noise cost %.2f points, ", what, 100 * cost)
              + (cost > 0
                  ? String.format(Locale.ROOT, "%.1f %% recovered", 100 * recovered(what))
                  : "nothing to recover"));
    }
    json.addProperty("seeds", seeds);
    json.addProperty("best_detector", best);
    json.addProperty("best_auc", mean("auc " + best));
    json.addProperty("recovered_gallery", gallery);
    json.addProperty("recovered_recall", recovered("recall"));
    sums.forEach((key, sum) -> json.addProperty("mean " + key, sum[0]));
    json.add("each", each);
    boolean pass =
        mean("auc " + best) >= 0.97 && mean("strict combined") >= 0.85 && gallery >= 0.8;
    return new Outcome(table, json, pass);
  }

  private double recovered(String what) {
    double noisy = mean("noisy " + what);
    return (mean("repaired " + what) - noisy) / (mean("clean " + what) - noisy);
  }

  private String line(String format, String... keys) {
    return String.format(
        Locale.ROOT, format, Arrays.stream(keys).map(this::mean).toArray(Object[]::new));
  }

  /** One seed: its subset, its noise. */
  private static final class Seed {
    private final Backend backend;
    private final FeatureSet train;
    private final FeatureSet test;
    private final int samples;
    private final int seed;
    private final JsonObject out = new JsonObject();

    Seed(Backend backend, FeatureSet train, FeatureSet test, int samples, int seed) {
      this.backend = backend;
      this.train = train;
      this.test = test;
      this.samples = samples;
      this.seed = seed;
    }

    JsonObject run() {
      try (Arena arena = Arena.host()) {
        long[] order = LongStream.range(0, train.samples()).toArray();
        Xoshiro.of(seed, "subset").shuffle(order, 0, order.length);
        long[] ids = Arrays.copyOf(order, samples);
        Arrays.sort(ids);
        FeatureSet clean = train.subset(arena, "clean", ids);
        long[] right = clean.labels().toLongs();
        LabelNoise noise = LabelNoise.inject(LabelNoise.Kind.SYMMETRIC, 0.1, right, seed);
        long[] labels = noise.apply(right);
        FeatureSet noisy = new FeatureSet(clean.features(), arena.of(labels, samples), "noisy");
        EvidenceOptions options = EvidenceOptions.of(TRAINING, seed);
        try (Evidence evidence = Evidence.of(backend, noisy, test, options)) {
          detect(evidence, noise);
          Relabelling repair = relabel(evidence, noise);
          retrieve("noisy", evidence.head(), noisy);
          HeadTraining training = evidence.training();
          retrieve(
              "clean",
              training.train(clean.features(), Supervision.hard(10, right), arena),
              clean);
          long[] kept = repair.trusted();
          Tensor features = clean.features();
          Head repaired = training.train(features, repair.supervision(Mode.HARD, 0), kept, arena);
          FeatureSet cleaned =
              new FeatureSet(features, arena.of(repair.cleaned(), samples), "cleaned");
          retrieve("repaired", repaired, cleaned.subset(arena, "repaired", kept));
        }
      }
      return out;
    }

    private void detect(Evidence evidence, LabelNoise noise) {
      boolean[] truth = noise.mask(samples);
      for (String name : DETECTORS) {
        double[] scores = Detectors.named(name).scores(evidence);
        DetectionCurve curve = DetectionCurve.of(name, scores, truth);
        out.addProperty("auc " + name, curve.auc());
        out.addProperty("ap " + name, curve.averagePrecision());
        out.addProperty("precision " + name, curve.precisionAt(noise.count()));
      }
      out.addProperty("estimated rate", evidence.noiseRate());
    }

    private Relabelling relabel(Evidence evidence, LabelNoise noise) {
      Relabelling.Options options = Relabelling.Options.defaults();
      int[] all = LongStream.of(noise.ids()).mapToInt(Math::toIntExact).toArray();
      for (RelabelRule rule : RelabelRule.values()) {
        RelabelAccuracy accuracy =
            RelabelAccuracy.of(Relabelling.propose(evidence, all, rule, options), noise);
        out.addProperty("strict " + rule.text(), accuracy.strict());
        out.addProperty("original " + rule.text(), accuracy.originalRule());
      }
      int[] order = Ranking.order(Detectors.named("rank-average").scores(evidence));
      int count = (int) Math.round(evidence.noiseRate() * samples);
      Relabelling repair =
          Relabelling.propose(
              evidence, Arrays.copyOf(order, count), RelabelRule.COMBINED, options);
      RelabelAccuracy accuracy = RelabelAccuracy.of(repair, noise);
      out.addProperty("suspected", count);
      out.addProperty("relabelled", repair.count(Decision.RELABEL));
      out.addProperty("left out", samples - repair.trusted().length);
      out.addProperty("restored", accuracy.restored());
      out.addProperty("broken", accuracy.broken());
      return repair;
    }

    private void retrieve(String which, Head head, FeatureSet gallery) {
      Retrieval retrieval = Retrieval.of(backend, head, test, gallery);
      out.addProperty(which + " recall", retrieval.recall());
      out.addProperty(which + " map@r", retrieval.mapAtR());
      out.addProperty(which + " gallery", retrieval.galleryRecall());
    }
  }
}
