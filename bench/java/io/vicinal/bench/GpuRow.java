package io.vicinal.bench;

import io.vicinal.backend.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A line of the GPU's table.
 *
 * @param name what {@code --rows} takes
 * @param eager the peer's time over ours, at least; NaN without a peer
 * @param compiled the same for the compiled peer; NaN if it cannot do it
 * @param share of the floor, at least; NaN if the row does not ask for it
 * @param memoryBytes limit of the device's memory; 0 for none
 * @param exact whether products are float32's whatever the precision, so that the row is measured
 *     at that alone
 * @param work makes the inputs on a backend's device
 */
record GpuRow(
    String name,
    double eager,
    double compiled,
    double share,
    long memoryBytes,
    boolean exact,
    Function<Backend, Work> work) {
  private static final Map<String, Map<String, String>> LOSSES =
      Map.of(
          "proxy-anchor",
          Map.of(),
          "proxy-nca-pp",
          Map.of(),
          "soft-triple",
          Map.of("centers", "10", "tau", "0"));

  /** Every row; small problems if {@code quick}. */
  static List<GpuRow> all(boolean quick) {
    List<GpuRow> rows = new ArrayList<>();
    int width = quick ? 32 : 512;
    for (String loss : List.of("proxy-anchor", "proxy-nca-pp", "soft-triple")) {
      rows.add(loss(loss, "", quick ? 20 : 180, width, quick ? 10 : 100, 8, 2, Double.NaN));
      rows.add(loss(loss, "-11k", quick ? 24 : 512, width, quick ? 60 : 11_318, 4, 1.3, 0.6));
      rows.add(loss(loss, "-100k", quick ? 32 : 1024, width, quick ? 90 : 100_000, 4, 1.3, 0.6));
    }
    int batch = quick ? 32 : 4096;
    int classes = quick ? 200 : 1_000_000;
    for (String loss : List.of("proxy-anchor", "proxy-nca-pp")) {
      rows.add(
          new GpuRow(
              loss + "-1m",
              Double.NaN,
              Double.NaN,
              0.5,
              40L << 30,
              false,
              b -> new LossWork(b, loss, loss, LOSSES.get(loss), batch, width, classes)));
    }
    rows.add(
        new GpuRow(
            "hvp",
            1.8,
            Double.NaN,
            0.7,
            0,
            false,
            b ->
                quick
                    ? new CurvatureWork(b, 200, 64, 16, 20)
                    : new CurvatureWork(b, 60_000, 2_048, 512, 11_318)));
    rows.add(
        new GpuRow(
            "evaluate",
            Double.NaN,
            Double.NaN,
            Double.NaN,
            0,
            false,
            b ->
                quick
                    ? new RetrievalWork(b, 1_200, 16, 200)
                    : new RetrievalWork(b, 60_502, 512, 11_316)));
    rows.add(
        new GpuRow(
            "knn",
            20,
            Double.NaN,
            0.3,
            0,
            true,
            b ->
                quick
                    ? new NearestWork(b, 600, 16, 100, 20)
                    : new NearestWork(b, 60_502, 512, 11_316, 1_000)));
    return rows;
  }

  private static GpuRow loss(
      String loss,
      String suffix,
      int batch,
      int width,
      int classes,
      double eager,
      double compiled,
      double share) {
    return new GpuRow(
        loss + suffix,
        eager,
        compiled,
        share,
        0,
        false,
        b -> new LossWork(b, loss, loss, LOSSES.get(loss), batch, width, classes));
  }
}
