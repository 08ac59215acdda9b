package io.vicinal.bench;

import com.google.gson.JsonObject;
import java.util.Locale;

/**
 * One measured row at one precision. Immutable.
 *
 * @param error of our values from float32 on the processor: norm of the difference over norm
 * @param peerError of the peer's, NaN without a peer
 */
record GpuResult(
    GpuRow row,
    String precision,
    String problem,
    double error,
    double peerError,
    Samples ours,
    Samples eager,
    Samples compiled,
    double floorMs,
    double gigaflops) {
  static final String TITLE =
      String.format(Locale.ROOT, 
          "%-18s %-9s %-38s %9s %19s %9s %9s %7s %7s %9s %7s %8s  %s",
          "row",
          "precision",
          "problem",
          "ours_ms",
          "p10..p90",
          "eager_ms",
          "comp_ms",
          "eager_x",
          "comp_x",
          "floor_ms",
          "%floor",
          "error",
          "verdict");

  double share() {
    return floorMs / ours.median();
  }

  /** A target that nothing was measured against is neither met nor missed. */
  enum Verdict {
    PASS("pass"),
    MISSED("MISSED"),
    OPEN("no peer");

    private final String text;

    Verdict(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** MISSED if a measured value misses its target, OPEN if none does but one is missing. */
  Verdict verdict() {
    double[] values = {eager.median() / ours.median(), compiled.median() / ours.median(), share()};
    double[] targets = {row.eager(), row.compiled(), row.share()};
    Verdict verdict = Verdict.PASS;
    for (int i = 0; i < values.length; i++) {
      if (values[i] < targets[i]) {
        return Verdict.MISSED;
      }
      if (Double.isNaN(values[i]) && !Double.isNaN(targets[i])) {
        verdict = Verdict.OPEN;
      }
    }
    return verdict;
  }

  String line() {
    return String.format(
        Locale.ROOT,
        "%-18s %-9s %-38s %9.3f %9.3f..%8.3f %9.3f %9.3f %7.2f %7.2f %9.4f %7.1f %8.1e  %s",
        row.name(),
        precision,
        problem,
        ours.median(),
        ours.quantile(0.1),
        ours.quantile(0.9),
        eager.median(),
        compiled.median(),
        eager.median() / ours.median(),
        compiled.median() / ours.median(),
        floorMs,
        100 * share(),
        error,
        verdict());
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("type", "row");
    json.addProperty("row", row.name());
    json.addProperty("precision", precision);
    json.addProperty("problem", problem);
    add(json, "ours", ours);
    add(json, "eager", eager);
    add(json, "compiled", compiled);
    number(json, "eager_ratio", eager.median() / ours.median());
    number(json, "compiled_ratio", compiled.median() / ours.median());
    number(json, "floor_ms", floorMs);
    number(json, "share_of_floor", share());
    number(json, "gflops", gigaflops);
    number(json, "error", error);
    number(json, "peer_error", peerError);
    json.addProperty("verdict", verdict().toString());
    return json;
  }

  private static void add(JsonObject json, String name, Samples samples) {
    number(json, name + "_ms", samples.median());
    number(json, name + "_p10", samples.quantile(0.1));
    number(json, name + "_p90", samples.quantile(0.9));
    json.addProperty(name + "_samples", samples.count());
  }

  private static void number(JsonObject json, String name, double value) {
    if (Double.isFinite(value)) {
      json.addProperty(name, value);
    }
  }
}
