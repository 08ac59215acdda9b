package io.vicinal.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.DetectionCurve;
import io.vicinal.curate.noise.Detectors;
import io.vicinal.curate.noise.Evidence;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.LabelAudit;
import io.vicinal.curate.relabel.Proposal.Decision;
import io.vicinal.curate.relabel.RelabelAccuracy;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling.Mode;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.relabel.Retrieval;
import io.vicinal.data.FashionMnist;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.LabelNoise;
import io.vicinal.nn.Head;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Label noise found and repaired, on Fashion-MNIST: all ten classes, 30,000 of the training images
 * drawn with the seed, their pixels as features, a tenth of the labels wrong; the whole test set
 * measures. Twice: with symmetric noise, and with noise among similar classes, as people confuse
 * them. Nothing is told how much noise there is, or of which kind. For each seed and kind:
 *
 * <ol>
 *   <li>every detector ranks the samples (those by influence under symmetric noise only);
 *   <li>as many as the estimated noise rate says are taken from the top of rank-average;
 *   <li>their labels are decided by {@link RelabelRule#COMBINED}, doubtful samples are left out;
 *       what its probabilities promise is set beside what happens;
 *   <li>heads trained on the clean, the noisy and the repaired labels retrieve, with the labels
 *       that each was trained with as gallery.
 * </ol>
 *
 * <p>Means over the seeds of the symmetric noise are judged: the best detector's AUC, the share of
 * the noise for which the best guess is right, and how much of the loss of R@1 in the labelled
 * gallery comes back. That is the number that noise costs dearly: a tenth of the answers is wrong. A
 * linear embedding of pixels hardly suffers from symmetric noise itself, so R@1 among the test
 * images, which is told first, moves by tenths of a point. More than all comes back where
 * relabelling also settles images that were ambiguous from the start. Noise among similar classes
 * is told, not judged: no target was set before it was first seen.
 *
 * <p>The seeds were not used when the rule was made (those were below 20).
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

  private static final List<LabelNoise.Kind> KINDS =
      List.of(LabelNoise.Kind.SYMMETRIC, LabelNoise.Kind.SIMILAR);
  private static final int FIRST_SEED = 100;

  @Override
  public String name() {
    return "noise";
  }

  @Override
  public Outcome run(Backend backend, boolean quick, Path folder) {
    int seeds = quick ? 1 : 3;
    int samples = quick ? 3_000 : 30_000;
    Map<LabelNoise.Kind, Means> means = new EnumMap<>(LabelNoise.Kind.class);
    KINDS.forEach(kind -> means.put(kind, new Means(seeds)));
    try (Arena arena = Arena.host()) {
      FeatureSet train = FashionMnist.train(arena);
      FeatureSet test = FashionMnist.test(arena);
      for (int seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed++) {
        for (LabelNoise.Kind kind : KINDS) {
          long start = System.nanoTime();
          JsonObject one = new Seed(backend, train, test, samples, seed, kind).run();
          one.addProperty("seed", seed);
          one.addProperty("seconds", (System.nanoTime() - start) / 1e9);
          System.out.println(kind.text() + " " + one);
          means.get(kind).add(one);
        }
      }
    }
    List<String> table = new ArrayList<>();
    JsonObject json = new JsonObject();
    json.addProperty("seeds", seeds);
    json.addProperty("first_seed", FIRST_SEED);
    for (LabelNoise.Kind kind : KINDS) {
      table.add(kind.text() + " noise, a tenth of the labels:");
      json.add(kind.text(), means.get(kind).report(table));
    }
    Means judged = means.get(LabelNoise.Kind.SYMMETRIC);
    boolean pass =
        judged.of("auc " + judged.best()) >= 0.97
            && judged.of("strict combined") >= 0.85
            && judged.recovered("gallery") >= 0.8;
    return new Outcome(table, json, pass);
  }

  /** Means over the seeds. */
  private static final class Means {
    private final Map<String, Double> sums = new LinkedHashMap<>();
    private final JsonArray each = new JsonArray();
    private final int seeds;

    Means(int seeds) {
      this.seeds = seeds;
    }

    void add(JsonObject one) {
      each.add(one);
      one.entrySet().forEach(e -> sums.merge(e.getKey(), e.getValue().getAsDouble(), Double::sum));
    }

    double of(String key) {
      return sums.get(key) / seeds;
    }

    String best() {
      return DETECTORS.stream()
          .filter(name -> sums.containsKey("auc " + name))
          .max(Comparator.comparingDouble(name -> of("auc " + name)))
          .orElseThrow();
    }

    double recovered(String what) {
      double noisy = of("noisy " + what);
      return (of("repaired " + what) - noisy) / (of("clean " + what) - noisy);
    }

    private String line(String format, String... keys) {
      return String.format(
          Locale.ROOT, format, Arrays.stream(keys).map(this::of).toArray(Object[]::new));
    }

    JsonObject report(List<String> table) {
      for (String name : DETECTORS) {
        if (sums.containsKey("auc " + name)) {
          table.add(
              line(
                  String.format(Locale.ROOT, "%-20s", name)
                      + " AUC %.4f  AP %.4f  precision at the true number %.4f",
                  "auc " + name,
                  "ap " + name,
                  "precision " + name));
        }
      }
      table.add(line("estimated noise rate %.4f (true 0.1)", "estimated rate"));
      for (RelabelRule rule : RelabelRule.values()) {
        table.add(
            line(
                "relabel "
                    + rule.text()
                    + ": right for %.4f of the noise, %.4f with a second guess",
                "strict " + rule.text(),
                "original " + rule.text()));
      }
      table.add(
          line(
              "repair: %.0f suspected, %.0f relabelled, %.0f left out; %.4f of the noise restored",
              "suspected",
              "relabelled",
              "left out",
              "restored"));
      table.add(
          line(
              "of those relabelled %.0f became right (%.0f expected), %.0f had been right (%.0f"
                  + " expected)",
              "mended",
              "expected mended",
              "broken",
              "expected broken"));
      for (String which : List.of("clean", "noisy", "repaired")) {
        table.add(
            line(
                String.format(Locale.ROOT, "%-9s", which)
                    + " R@1 %.4f  MAP@R %.4f among the test images; R@1 %.4f in the labelled"
                    + " gallery",
                which + " recall",
                which + " map@r",
                which + " gallery"));
      }
      for (String what : List.of("recall", "map@r", "gallery")) {
        double cost = of("clean " + what) - of("noisy " + what);
        table.add(
            String.format(Locale.ROOT, "%-8s noise cost %.2f points, ", what, 100 * cost)
                + (cost > 0
                    ? String.format(Locale.ROOT, "%.1f %% recovered", 100 * recovered(what))
                    : "nothing to recover"));
      }
      JsonObject json = new JsonObject();
      json.addProperty("best_detector", best());
      json.addProperty("best_auc", of("auc " + best()));
      json.addProperty("recovered_gallery", recovered("gallery"));
      json.addProperty("recovered_recall", recovered("recall"));
      sums.keySet().forEach(key -> json.addProperty("mean " + key, of(key)));
      json.add("each", each);
      return json;
    }
  }

  /** One seed and one kind: its subset, its noise. */
  private static final class Seed {
    private final Backend backend;
    private final FeatureSet train;
    private final FeatureSet test;
    private final int samples;
    private final int seed;
    private final LabelNoise.Kind kind;
    private final JsonObject out = new JsonObject();

    Seed(
        Backend backend,
        FeatureSet train,
        FeatureSet test,
        int samples,
        int seed,
        LabelNoise.Kind kind) {
      this.backend = backend;
      this.train = train;
      this.test = test;
      this.samples = samples;
      this.seed = seed;
      this.kind = kind;
    }

    JsonObject run() {
      try (Arena arena = Arena.host()) {
        long[] order = LongStream.range(0, train.samples()).toArray();
        Xoshiro.of(seed, "subset").shuffle(order, 0, order.length);
        long[] ids = Arrays.copyOf(order, samples);
        Arrays.sort(ids);
        FeatureSet clean = train.subset(arena, "clean", ids);
        long[] right = clean.labels().toLongs();
        LabelNoise noise = LabelNoise.inject(kind, 0.1, clean, seed);
        long[] labels = noise.apply(right);
        FeatureSet noisy = new FeatureSet(clean.features(), arena.of(labels, samples), "noisy");
        EvidenceOptions options = EvidenceOptions.of(TRAINING, seed);
        try (Evidence evidence = Evidence.of(backend, noisy, test, options)) {
          Relabelling repair = relabel(evidence, noise, detect(evidence, noise));
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

    /** Scores by detector. */
    private Map<String, double[]> detect(Evidence evidence, LabelNoise noise) {
      Map<String, double[]> found = new LinkedHashMap<>();
      boolean[] truth = noise.mask(samples);
      boolean all = kind == LabelNoise.Kind.SYMMETRIC;
      for (String name : all ? DETECTORS : Detectors.names()) {
        double[] scores = Detectors.named(name).scores(evidence);
        found.put(name, scores);
        DetectionCurve curve = DetectionCurve.of(name, scores, truth);
        out.addProperty("auc " + name, curve.auc());
        out.addProperty("ap " + name, curve.averagePrecision());
        out.addProperty("precision " + name, curve.precisionAt(noise.count()));
      }
      out.addProperty("estimated rate", evidence.heldOut().noiseRate());
      return found;
    }

    private Relabelling relabel(
        Evidence evidence, LabelNoise noise, Map<String, double[]> scores) {
      Relabelling.RelabelOptions options = Relabelling.RelabelOptions.defaults();
      int[] all = LongStream.of(noise.ids()).mapToInt(Math::toIntExact).toArray();
      for (RelabelRule rule : RelabelRule.values()) {
        RelabelAccuracy accuracy =
            RelabelAccuracy.of(Relabelling.propose(evidence, all, rule, options), noise);
        out.addProperty("strict " + rule.text(), accuracy.strict());
        out.addProperty("original " + rule.text(), accuracy.originalRule());
      }
      long[] rows = LongStream.range(0, samples).toArray();
      long[] classes = LongStream.range(0, evidence.classes()).toArray();
      LabelAudit audit =
          LabelAudit.of(
              evidence,
              rows,
              classes,
              scores,
              "rank-average",
              null,
              RelabelRule.COMBINED,
              options);
      Relabelling repair = audit.relabelling();
      RelabelAccuracy accuracy = RelabelAccuracy.of(repair, noise);
      out.addProperty("suspected", audit.suspects().length);
      out.addProperty("relabelled", repair.count(Decision.RELABEL));
      out.addProperty("left out", samples - repair.trusted().length);
      out.addProperty("restored", accuracy.restored());
      out.addProperty("mended", accuracy.mended());
      out.addProperty("broken", accuracy.broken());
      out.addProperty("expected mended", repair.expected().mended());
      out.addProperty("expected broken", repair.expected().broken());
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
