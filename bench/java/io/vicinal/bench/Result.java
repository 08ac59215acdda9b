package io.vicinal.bench;

import com.google.gson.JsonObject;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One measured row at one precision, and its verdict.
 *
 * @param row what was asked
 * @param precision of products
 * @param problem what was measured
 * @param tolerance relative error that was allowed
 * @param equality how far apart both sides' values are
 * @param measured times
 * @param flops of the work
 * @param gflopsCeiling rate of plain products
 * @param floorMs max(flops at that rate, bytes at the bandwidth)
 * @param peakBytes of a process doing only this, -1 if not asked
 * @param peerPeakBytes of the peer's process, likewise
 */
record Result(
    Row row,
    String precision,
    String problem,
    double tolerance,
    Equality equality,
    Measurement measured,
    double flops,
    double gflopsCeiling,
    double floorMs,
    long peakBytes,
    long peerPeakBytes) {

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

  static final String TITLE =
      line(
          "row",
          "precision",
          "problem",
          "ours_ms",
          "p10..p90",
          "peer_ms",
          "ratio",
          "target",
          "GFLOP/s",
          "%sgemm",
          "floor_ms",
          "%floor",
          "error",
          "verdict");

  private static String line(Object... columns) {
    return inEnglish(
        "%-24s %-9s %-48s %10s %21s %10s %8s %6s %8s %7s %9s %7s %8s  %s", columns);
  }

  String line() {
    return line(
        row.name(),
        precision,
        problem,
        milliseconds(ours()),
        milliseconds(measured.ours.quantile(0.1))
            + ".."
            + milliseconds(measured.ours.quantile(0.9)),
        each(method -> theirs(method) > 0 ? milliseconds(theirs(method)) : "-"),
        each(method -> theirs(method) > 0 ? inEnglish("%.2fx", ratio(method)) : "-"),
        each(method -> inEnglish("%.2gx", row.ratios().get(method))),
        inEnglish("%.1f", gflops()),
        inEnglish("%.1f", 100 * share()),
        milliseconds(floorMs),
        inEnglish("%.1f", 100 * roof()),
        inEnglish("%.1e", equality.worstOfOurs()),
        verdict());
  }

  /** One value for every method of the peer's. */
  private String each(Function<String, String> value) {
    return row.ratios().keySet().stream().map(value).collect(Collectors.joining("/"));
  }

  private double ours() {
    return measured.ours.median();
  }

  /** NaN where there is none. */
  private double theirs(String method) {
    Measurement.Theirs theirs = measured.peer.get(method);
    return theirs == null ? Double.NaN : theirs.times.median();
  }

  private double ratio(String method) {
    return theirs(method) / ours();
  }

  private double gflops() {
    return flops / ours() / 1e6;
  }

  private double share() {
    return gflops() / gflopsCeiling;
  }

  private double roof() {
    return floorMs / ours();
  }

  /** MISSED if a measured value misses its target, OPEN if none does but one is missing. */
  Verdict verdict() {
    if (share() < row.share()
        || roof() < row.roof()
        || peakBytes > row.memory()
        || row.ratios().entrySet().stream().anyMatch(r -> ratio(r.getKey()) < r.getValue())) {
      return Verdict.MISSED;
    }
    boolean open = row.ratios().keySet().stream().anyMatch(method -> Double.isNaN(ratio(method)));
    return open ? Verdict.OPEN : Verdict.PASS;
  }

  /** Further facts, one line each, for the reader. */
  String notes() {
    StringBuilder notes = new StringBuilder();
    notes.append(
        inEnglish(
            "  equal within %.1e (allowed %.0e); %d repeats; other processes took %.0f%% of the"
                + " machine%n",
            equality.worst(), tolerance, measured.ours.count(), 100 * measured.bystanders));
    measured.peer.forEach(
        (method, theirs) ->
            notes.append(
                inEnglish(
                    "  %s: ratio by rounds %.2fx (p10 %.2fx, p90 %.2fx), %d repeats%n",
                    key(method),
                    theirs.pairs.median(),
                    theirs.pairs.quantile(0.1),
                    theirs.pairs.quantile(0.9),
                    theirs.times.count())));
    if (!Double.isNaN(row.share())) {
      notes.append(
          inEnglish(
              "  %.1f%% of the sgemm rate (%.0f GFLOP/s), at least %.0f%%%n",
              100 * share(), gflopsCeiling, 100 * row.share()));
    }
    if (!Double.isNaN(row.roof())) {
      notes.append(
          inEnglish("  %.1f%% of the floor, at least %.0f%%%n", 100 * roof(), 100 * row.roof()));
    }
    measured.beside.forEach(
        (method, times) ->
            notes.append(
                inEnglish(
                    "  peer's %s: %s ms (%.2fx ours)%n",
                    method, milliseconds(times.median()), times.median() / ours())));
    if (peakBytes >= 0) {
      notes.append(
          inEnglish(
              "  peak memory %.2f GiB alone, at most %.2f GiB; the peer's %.2f GiB%n",
              gib(peakBytes), gib(row.memory()), gib(peerPeakBytes)));
    }
    return notes.toString();
  }

  JsonObject json() {
    JsonObject json = new JsonObject();
    json.addProperty("type", "row");
    json.addProperty("row", row.name());
    json.addProperty("precision", precision);
    json.addProperty("problem", problem);
    add(json, "ours", measured.ours);
    measured.peer.forEach(
        (method, theirs) -> {
          add(json, key(method), theirs.times);
          String prefix = method.equals(Peer.REPEAT) ? "" : method + "_";
          number(json, prefix + "ratio", ratio(method));
          number(json, prefix + "ratio_by_rounds", theirs.pairs.median());
          number(json, prefix + "target", row.ratios().get(method));
        });
    number(json, "gflops", gflops());
    number(json, "sgemm_gflops", gflopsCeiling);
    number(json, "share", share());
    number(json, "share_target", row.share());
    number(json, "floor_ms", floorMs);
    number(json, "roof", roof());
    number(json, "roof_target", row.roof());
    measured.beside.forEach(
        (method, times) -> number(json, "peer_" + method + "_ms", times.median()));
    if (peakBytes >= 0) {
      json.addProperty("peak_bytes", peakBytes);
      json.addProperty("peak_bytes_target", row.memory());
      json.addProperty("peer_peak_bytes", peerPeakBytes);
    }
    json.add("relative_error", numbers(equality.ours()));
    json.add("peer_relative_error", numbers(equality.peer()));
    json.addProperty("others_share_of_machine", measured.bystanders);
    json.addProperty("tolerance", tolerance);
    json.addProperty("pass", verdict() == Verdict.PASS);
    json.addProperty("verdict", verdict().toString());
    return json;
  }

  private static String key(String method) {
    return method.equals(Peer.REPEAT) ? "peer" : method;
  }

  private static void add(JsonObject json, String name, Samples samples) {
    number(json, name + "_ms", samples.median());
    number(json, name + "_p10_ms", samples.quantile(0.1));
    number(json, name + "_p90_ms", samples.quantile(0.9));
    json.addProperty(name + "_repeats", samples.count());
  }

  private static JsonObject numbers(Map<String, Double> values) {
    JsonObject json = new JsonObject();
    values.forEach((name, value) -> number(json, name, value));
    return json;
  }

  private static void number(JsonObject json, String name, double value) {
    if (Double.isFinite(value)) { // JSON knows no other
      json.addProperty(name, value);
    }
  }

  private static double gib(long bytes) {
    return (double) bytes / (1L << 30);
  }

  private static String milliseconds(double value) {
    return inEnglish(value < 10 ? "%.3f" : value < 1000 ? "%.1f" : "%.0f", value);
  }

  private static String inEnglish(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
