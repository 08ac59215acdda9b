package io.vicinal.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every row and experiment, with its targets. */
final class Catalogue {
  private static final double NONE = Double.NaN;

  /**
   * Single precision: logits of magnitude 64 carry relative rounding errors of about 64 x 6e-8 into
   * every probability, and gradients inherit them.
   */
  private static final double SINGLE = 5e-5;

  /**
   * Metrics are means of ratios of small integers; near-equal distances may be ordered differently.
   */
  private static final double METRIC = 1e-4;

  private Catalogue() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.add(loss("proxy-anchor", "proxy-anchor", Map.of(), 100, 3));
    rows.add(loss("proxy-nca-pp", "proxy-nca-pp", Map.of(), 100, 2.5));
    rows.add(loss("arcface", "arcface", Map.of(), 100, 2.5));
    rows.add(loss("proxy-anchor-11k", "proxy-anchor", Map.of(), 11_318, 1.5));
    rows.add(loss("proxy-nca-pp-11k", "proxy-nca-pp", Map.of(), 11_318, 1.5));
    rows.add(loss("arcface-11k", "arcface", Map.of(), 11_318, 1.5));
    rows.add(loss("soft-triple-regularised", "soft-triple", Map.of("centers", "10"), 100, 5));
    rows.add(loss("soft-triple", "soft-triple", Map.of("centers", "10", "tau", "0"), 100, 2));
    rows.add(
        new Row(
            "hvp",
            2.2,
            0.85,
            0,
            SINGLE,
            SINGLE,
            false,
            (backend, quick) ->
                new CurvatureWork(backend, quick ? 1_000 : 5_864, 2_048, 512, 100)));
    rows.add(
        new Row(
            "evaluate",
            2,
            0.75,
            (long) (1.2 * (1L << 30)),
            METRIC,
            METRIC,
            true,
            (backend, quick) ->
                quick
                    ? new RetrievalWork(backend, 6_050, 512, 1_132)
                    : new RetrievalWork(backend, 60_502, 512, 11_316)));
    rows.add(influence("if-seed", 100, 1e-6, true));
    rows.add(influence("eif", 20, 1e-3, false));
    rows.add(influence("if", 10, 1e-6, true));
    return rows;
  }

  /**
   * A method against its per-query form in torch, whose own single precision is held less tightly.
   */
  private static Row influence(
      String method, double ratio, double ownTolerance, boolean single) {
    return new Row(
        method,
        ratio,
        NONE,
        0,
        1e-2,
        ownTolerance,
        single,
        (backend, quick) ->
            quick
                ? new InfluenceWork(backend, method, 600, 128, 32, 20)
                : new InfluenceWork(backend, method, 5_864, 2_048, 512, 100));
  }

  static List<Experiment> experiments() {
    return List.of(
        new SolveExperiment(),
        new StreamExperiment(),
        new NoiseExperiment(),
        new GatesExperiment());
  }

  private static Row loss(
      String row, String name, Map<String, String> parameters, int classes, double ratio) {
    String peerName = row.endsWith("-11k") ? name : row;
    return new Row(
        row,
        ratio,
        NONE,
        0,
        SINGLE,
        SINGLE,
        false,
        (backend, quick) -> new LossWork(backend, peerName, name, parameters, 180, 512, classes));
  }
}
