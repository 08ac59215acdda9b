package io.vicinal.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every row and experiment of a device, with its targets. */
final class Catalogue {
  private static final Map<String, String> TEN_CENTRES = Map.of("centers", "10", "tau", "0");

  private Catalogue() {}

  static List<Row> rows(boolean onProcessor) {
    return onProcessor ? processor() : gpu();
  }

  static List<Experiment> experiments(boolean onProcessor) {
    return onProcessor
        ? List.of(
            new SolveExperiment(),
            new StreamExperiment(),
            new NoiseExperiment(),
            new TupleExperiment(),
            new PackExperiment(),
            new GatesExperiment())
        : List.of(new SolveExperiment(25_882, 3_997, 10)); // of the size of In-Shop
  }

  private static List<Row> processor() {
    List<Row> rows = new ArrayList<>();
    rows.add(loss("proxy-anchor", "proxy-anchor", Map.of(), 100, 3));
    rows.add(loss("proxy-nca-pp", "proxy-nca-pp", Map.of(), 100, 2.5));
    rows.add(loss("arcface", "arcface", Map.of(), 100, 2.5));
    rows.add(loss("proxy-anchor-11k", "proxy-anchor", Map.of(), 11_318, 1.5));
    rows.add(loss("proxy-nca-pp-11k", "proxy-nca-pp", Map.of(), 11_318, 1.5));
    rows.add(loss("arcface-11k", "arcface", Map.of(), 11_318, 1.5));
    rows.add(loss("soft-triple-regularised", "soft-triple", Map.of("centers", "10"), 100, 5));
    rows.add(loss("soft-triple", "soft-triple", TEN_CENTRES, 100, 2));
    rows.add(
        Row.of("hvp", (b, quick) -> new CurvatureWork(b, quick ? 1_000 : 5_864, 2_048, 512, 100))
            .beside(Peer.REPEAT, 2.2)
            .share(0.85));
    rows.add(
        Row.of(
                "evaluate",
                (b, quick) ->
                    quick
                        ? new RetrievalWork(b, 6_050, 512, 1_132)
                        : new RetrievalWork(b, 60_502, 512, 11_316))
            .beside(Peer.REPEAT, 2)
            .share(0.75)
            .memory((long) (1.2 * (1L << 30)))
            // Means of ratios of small integers; near-equal distances may be ordered differently.
            .within(1e-4, 1e-4)
            .inSingleRepeats(true));
    rows.add(
        Row.of(
                "near-duplicates",
                (b, quick) -> new DuplicateWork(b, quick ? 10_000 : 100_000, 512))
            .beside(Peer.REPEAT, 1)
            .memory(1L << 30)
            .inSingleRepeats(true));
    for (int batch : List.of(32, 256, 1_024)) {
      double least = batch < 256 ? 1 : 3;
      rows.add(tuple("contrastive", batch, Map.of("mean", "active"), least));
      rows.add(tuple("triplet", batch, Map.of("squared", "false", "mean", "active"), least));
      // The gradient jumps where a pair is at its margin, which rounding decides.
      rows.add(tuple("margin", batch, Map.of(), least).within(2e-4, 2e-4));
      rows.add(tuple("multi-similarity", batch, Map.of("mining", "false"), least));
      rows.add(tuple("circle", batch, Map.of(), least).within(1e-3, 1e-3)); // gamma is 80
      rows.add(tuple("supcon", batch, Map.of(), least));
      rows.add(tuple("fastap", batch, Map.of(), least).within(1e-3, 1e-3)); // slopes of bins jump
      rows.add(tuple("lifted", batch, Map.of("reg", "0"), least)); // the peer's is B x B, too
    }
    // The peer holds all pairs times all negatives: at 1,024 that is 12 GiB an array.
    rows.add(tuple("n-pair", 256, Map.of("reg", "0"), 20));
    rows.add(tuple("nt-xent", 256, Map.of(), 20));
    rows.add(tuple("lifted-structure", 256, Map.of(), 20));
    rows.add(
        Row.of("images", (b, quick) -> new ImageWork(b, quick ? 32 : 256))
            .beside(Peer.REPEAT, 2.2)
            .inSingleRepeats(true));
    rows.add(
        Row.of(
                "onnx-features",
                (b, quick) ->
                    quick
                        ? new FeatureWork(b, "resnet18", 12, 4)
                        : new FeatureWork(b, "resnet50", 128, 32))
            .beside(Peer.REPEAT, 0.97)
            .beside("pooled", 0.97)
            .within(1e-4, 1e-4) // two versions of ONNX Runtime
            .inSingleRepeats(true));
    rows.add(influence("if-seed", 100, 1e-6, true));
    rows.add(influence("eif", 20, 1e-3, false));
    rows.add(influence("if", 10, 1e-6, true));
    return rows;
  }

  private static Row tuple(
      String loss, int batch, Map<String, String> parameters, double ratio) {
    return Row.of(
            "tuple-" + loss + "-" + batch,
            (b, quick) -> new TupleWork(b, loss, loss, parameters, quick ? 32 : batch))
        .beside(Peer.REPEAT, ratio)
        .inSingleRepeats(loss.equals("triplet") && batch > 256);
  }

  private static Row loss(
      String row, String name, Map<String, String> parameters, int classes, double ratio) {
    String peerName = row.endsWith("-11k") ? name : row;
    return Row.of(row, (b, quick) -> new LossWork(b, peerName, name, parameters, 180, 512, classes))
        .beside(Peer.REPEAT, ratio);
  }

  /**
   * A method against its per-query form in torch, whose own single precision is held less tightly.
   */
  private static Row influence(String method, double ratio, double ownTolerance, boolean single) {
    return Row.of(
            method,
            (b, quick) ->
                quick
                    ? new InfluenceWork(b, method, 600, 128, 32, 20)
                    : new InfluenceWork(b, method, 5_864, 2_048, 512, 100))
        .beside(Peer.REPEAT, ratio)
        .within(1e-2, ownTolerance)
        .inSingleRepeats(single);
  }

  private static List<Row> gpu() {
    List<Row> rows = new ArrayList<>();
    for (String loss : List.of("proxy-anchor", "proxy-nca-pp", "soft-triple")) {
      rows.add(wide(loss, "", 180, 100, 20, 10).beside("eager", 8).beside("compiled", 2));
      rows.add(
          wide(loss, "-11k", 512, 11_318, 24, 60)
              .beside("eager", 4)
              .beside("compiled", 1.3)
              .roof(0.6));
      rows.add(
          wide(loss, "-100k", 1024, 100_000, 32, 90)
              .beside("eager", 4)
              .beside("compiled", 1.3)
              .roof(0.6));
    }
    for (String loss : List.of("proxy-anchor", "proxy-nca-pp")) {
      rows.add(wide(loss, "-1m", 4096, 1_000_000, 32, 200).roof(0.5).memory(40L << 30));
    }
    rows.add(
        Row.of(
                "hvp",
                (b, quick) ->
                    quick
                        ? new CurvatureWork(b, 200, 64, 16, 20)
                        : new CurvatureWork(b, 60_000, 2_048, 512, 11_318))
            .beside("eager", 1.8)
            .roof(0.7));
    rows.add(
        Row.of(
            "evaluate",
            (b, quick) ->
                quick
                    ? new RetrievalWork(b, 1_200, 16, 200)
                    : new RetrievalWork(b, 60_502, 512, 11_316)));
    rows.add(
        Row.of(
                "knn",
                (b, quick) ->
                    quick
                        ? new NearestWork(b, 600, 16, 100, 20)
                        : new NearestWork(b, 60_502, 512, 11_316, 1_000))
            .beside("eager", 20)
            .roof(0.3)
            .atSinglePrecisionOnly());
    return rows;
  }

  private static Row wide(
      String loss, String suffix, int batch, int classes, int quickBatch, int quickClasses) {
    Map<String, String> parameters = loss.equals("soft-triple") ? TEN_CENTRES : Map.of();
    return Row.of(
        loss + suffix,
        (b, quick) ->
            quick
                ? new LossWork(b, loss, loss, parameters, quickBatch, 32, quickClasses)
                : new LossWork(b, loss, loss, parameters, batch, 512, classes));
  }
}
