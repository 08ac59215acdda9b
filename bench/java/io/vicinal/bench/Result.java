package io.vicinal.bench;

import com.google.gson.JsonObject;
import java.util.Locale;
import java.util.Map;

/**
 * One measured row and its verdict.
 *
 * @param row what was asked
 * @param equality how far apart both sides' values are
 * @param measured times
 * @param problem what was measured
 * @param flops of the work
 * @param gflopsCeiling rate of a 2048-cubed product, median over this row's rounds
 * @param floorMs max(flops at that rate, bytes at the copy rate)
 * @param peakBytes of a process doing only this, -1 if not asked
 * @param peerPeakBytes of the peer's process
 */
record Result(
    Row row,
    String problem,
    Equality equality,
    Measurement measured,
    double flops,
    double gflopsCeiling,
    double floorMs,
    long peakBytes,
    long peerPeakBytes) {
  static final String TITLE =
      String.format(Locale.ROOT, 
          "%-24s %-48s %10s %21s %10s %7s %6s %8s %7s %9s  %s",
          "row",
          "problem",
          "ours_ms",
          "p10..p90",
          "peer_ms",
          "ratio",
          "target",
          "GFLOP/s",
          "%sgemm",
          "floor_ms",
          "verdict");

  double ratio() {
    return measured.peer.median() / measured.ours.median();
  }

  double gflops() {
    return flops / measured.ours.median() / 1e6;
  }

  double share() {
    return gflops() / gflopsCeiling;
  }

  boolean pass() {
    return ratio() >= row.ratio()
        && (Double.isNaN(row.share()) || share() >= row.share())
        && (row.peakBytes() == 0 || peakBytes <= row.peakBytes());
  }

  String line() {
    String spread =
        String.format(
            Locale.ROOT,
            "%s..%s",
            milliseconds(measured.ours.quantile(0.1)),
            milliseconds(measured.ours.quantile(0.9)));
    return String.format(
        Locale.ROOT,
        "%-24s %-48s %10s %21s %10s %6.2fx %5.2gx %8.1f %6.1f%% %9s  %s",
        row.name(),
        problem,
        milliseconds(measured.ours.median()),
        spread,
        milliseconds(measured.peer.median()),
        ratio(),
        row.ratio(),
        gflops(),
        100 * share(),
        milliseconds(floorMs),
        pass() ? "pass" : "MISSED");
  }

  /** Further facts, one line each, for the reader. */
  String notes() {
    StringBuilder notes = new StringBuilder();
    notes.append(
        String.format(
            Locale.ROOT,
            "  equal within %.1e (allowed %.0e); ratio by rounds %.2fx (p10 %.2fx, p90 %.2fx); %d"
                + " and %d repeats; other processes took %.0f%% of the machine%n",
            equality.worst(),
            row.tolerance(),
            measured.pairs.median(),
            measured.pairs.quantile(0.1),
            measured.pairs.quantile(0.9),
            measured.ours.count(),
            measured.peer.count(),
            100 * measured.bystanders));
    if (!Double.isNaN(row.share())) {
      notes.append(
          String.format(
              Locale.ROOT,
              "  %.1f%% of the sgemm rate (%.0f GFLOP/s), at least %.0f%%%n",
              100 * share(),
              gflopsCeiling,
              100 * row.share()));
    }
    for (Map.Entry<String, Samples> other : measured.beside.entrySet()) {
      notes.append(
          String.format(
              Locale.ROOT,
              "  peer's %s: %s ms (%.2fx ours)%n",
              other.getKey(),
              milliseconds(other.getValue().median()),
              other.getValue().median() / measured.ours.median()));
    }
    if (row.peakBytes() > 0) {
      notes.append(
          String.format(
              Locale.ROOT,
              "  peak memory %.2f GiB alone, at most %.2f GiB; the peer's %.2f GiB%n",
              gib(peakBytes),
              gib(row.peakBytes()),
              gib(peerPeakBytes)));
    }
    return notes.toString();
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("type", "row");
    json.addProperty("row", row.name());
    json.addProperty("problem", problem);
    json.addProperty("ours_ms", measured.ours.median());
    json.addProperty("ours_p10_ms", measured.ours.quantile(0.1));
    json.addProperty("ours_p90_ms", measured.ours.quantile(0.9));
    json.addProperty("ours_repeats", measured.ours.count());
    json.addProperty("peer_ms", measured.peer.median());
    json.addProperty("peer_p10_ms", measured.peer.quantile(0.1));
    json.addProperty("peer_p90_ms", measured.peer.quantile(0.9));
    json.addProperty("peer_repeats", measured.peer.count());
    json.addProperty("ratio", ratio());
    json.addProperty("ratio_by_rounds", measured.pairs.median());
    json.addProperty("target", row.ratio());
    json.addProperty("gflops", gflops());
    json.addProperty("sgemm_gflops", gflopsCeiling);
    json.addProperty("share", share());
    if (!Double.isNaN(row.share())) {
      json.addProperty("share_target", row.share());
    }
    json.addProperty("floor_ms", floorMs);
    json.addProperty("roof", floorMs / measured.ours.median());
    measured.beside.forEach((name, s) -> json.addProperty("peer_" + name + "_ms", s.median()));
    if (row.peakBytes() > 0) {
      json.addProperty("peak_bytes", peakBytes);
      json.addProperty("peak_bytes_target", row.peakBytes());
      json.addProperty("peer_peak_bytes", peerPeakBytes);
    }
    JsonObject errors = new JsonObject();
    equality.ours().forEach(errors::addProperty);
    json.add("relative_error", errors);
    JsonObject peerErrors = new JsonObject();
    equality.peer().forEach(peerErrors::addProperty);
    json.add("peer_relative_error", peerErrors);
    json.addProperty("others_share_of_machine", measured.bystanders);
    json.addProperty("tolerance", row.tolerance());
    json.addProperty("pass", pass());
    return json;
  }

  private static double gib(long bytes) {
    return (double) bytes / (1L << 30);
  }

  private static String milliseconds(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : value < 1000 ? "%.1f" : "%.0f", value);
  }
}
