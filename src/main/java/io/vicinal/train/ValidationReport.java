package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.retrieval.MetricId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What judged a run, and what it found: the validation samples, searched among each other, by their
 * features as they are and by the delivered head. A head can be worse than no head at all; only the
 * two numbers beside each other show it.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param metric the one that chose the head: {@code evaluate.metric}
 * @param unit whether unit vectors are compared: {@code evaluate.normalize}
 * @param samples V, queries and gallery at once
 * @param classes of the validation samples
 * @param trained how many of those classes training sees
 * @param queries samples that have another of their class to find: means are over these
 * @param epoch of the delivered head
 * @param rawFeatures values by metric id before the first epoch; empty if they could not be
 *     measured
 * @param head the delivered head's values; empty if none was measured
 */
public record ValidationReport(
    String metric,
    boolean unit,
    long samples,
    int classes,
    int trained,
    long queries,
    int epoch,
    Map<String, Double> rawFeatures,
    Map<String, Double> head) {
  /** At this many queries and fewer, a rate of one half has a standard error above 2.5 points. */
  private static final long FEW = 400;

  /** Keeps the order. */
  public ValidationReport {
    rawFeatures = Collections.unmodifiableMap(new LinkedHashMap<>(rawFeatures));
    head = Collections.unmodifiableMap(new LinkedHashMap<>(head));
  }

  /**
   * Before anything is measured.
   *
   * @param counts of the validation samples, by class
   */
  static ValidationReport of(
      String metric, boolean unit, Map<Long, Long> counts, ClassMap training) {
    int trained =
        (int) counts.keySet().stream().filter(c -> training.row(c) != ClassMap.NONE).count();
    long samples = counts.values().stream().mapToLong(n -> n).sum();
    long queries = counts.values().stream().filter(n -> n > 1).mapToLong(n -> n).sum();
    return new ValidationReport(
        metric, unit, samples, counts.size(), trained, queries, 0, Map.of(), Map.of());
  }

  ValidationReport with(Map<String, Double> raw, Map<String, Double> values, int of) {
    return new ValidationReport(metric, unit, samples, classes, trained, queries, of, raw, values);
  }

  /** How many samples judge, and of what. */
  String told() {
    String which =
        trained == 0
            ? "that training does not see"
            : trained == classes ? "that are trained on" : "(" + trained + " of them trained on)";
    return String.format(
        Locale.ROOT,
        "validation: %d samples of %d classes %s, searched among each other; %s another of their"
            + " class to find",
        samples,
        classes,
        which,
        queries == samples ? "all have" : queries + " have");
  }

  /** The features' own values, and what so few queries can tell. */
  String rawTold() {
    StringJoiner values = new StringJoiner("  ");
    rawFeatures.forEach((id, value) -> values.add(id + " " + percent(value)));
    return "epoch 0, raw features (" + (unit ? "cosine" : "Euclidean") + ")  " + values + few();
  }

  private String few() {
    String id =
        rawFeatures.keySet().stream().filter(ValidationReport::firstHit).findFirst().orElse(metric);
    double rate = rawFeatures.getOrDefault(id, Double.NaN);
    double miss = 1.0 / Math.max(2, queries); // a rate of 100 % may have missed one by luck
    double error = standardError(id, Math.min(1 - miss, Math.max(miss, rate)));
    if (queries > FEW || !(error >= 0)) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        "%nfew queries: the standard error of %s, sqrt(p(1-p)/n) with n = %d, is %s points;"
            + " differences below twice that say little",
        id,
        queries,
        percent(error));
  }

  private static boolean firstHit(String id) {
    return id.equalsIgnoreCase("r@1");
  }

  /**
   * The standard error of a mean p over the queries, sqrt(p(1-p)/n): of rates such as R@1 exactly,
   * of other means of values within 0..1 at most. It counts queries as independent, which those of
   * one class are not.
   *
   * @return NaN for a metric that is no mean over queries
   */
  public double standardError(String id, double p) {
    try {
      return MetricId.parse(id).kind().isRanking() ? Math.sqrt(p * (1 - p) / queries) : Double.NaN;
    } catch (InputException e) {
      return Double.NaN;
    }
  }

  /** The head's value less the features', by {@link #metric}; NaN where one is missing. */
  public double gain() {
    return head.getOrDefault(metric, Double.NaN) - rawFeatures.getOrDefault(metric, Double.NaN);
  }

  /** Whether the features as they are retrieve better than the delivered head. */
  public boolean worse() {
    return gain() < 0;
  }

  /** A sentence that compares the delivered head with the features; empty where one is missing. */
  public String comparison() {
    double gain = gain();
    if (Double.isNaN(gain)) {
      return "";
    }
    double raw = rawFeatures.get(metric);
    String how = gain < 0 ? "worse than" : gain > 0 ? "better than" : "as good as";
    String said =
        String.format(
            Locale.ROOT,
            "the head is %s the raw features by %s: %s %% with it (epoch %d), %s %% without%s",
            how,
            metric,
            percent(raw + gain),
            epoch,
            percent(raw),
            gain == 0
                ? ""
                : ", " + percent(Math.abs(gain)) + " points " + (gain < 0 ? "lost" : "gained"));
    double error = standardError(metric, raw);
    if (gain != 0 && Math.abs(gain) <= 2 * error) {
      said +=
          String.format(
              Locale.ROOT,
              ", which %d queries hardly tell from none (standard error up to %s)",
              queries,
              percent(error));
    }
    if (gain < 0) {
      said +=
          "; use the features as they are, or try columns of one scale, a larger head.embedding,"
              + " another loss or rate, or more data";
    }
    return trained == 0
        ? said
        : said
            + "; "
            + (trained == classes ? "all" : trained + " of " + classes)
            + " validation classes are trained on: what a search among other classes gains,"
            + " validation.by=class tells";
  }

  private static String percent(double fraction) {
    return String.format(Locale.ROOT, "%.2f", 100 * fraction);
  }
}
