package io.vicinal.retrieval;

import io.vicinal.InputException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a metric, with its exact definition. Several different quantities are called "MAP@10"
 * or "precision@10" in the wild; here each has a name of its own (docs/metrics.md). Immutable.
 */
public final class MetricId {
  private static final Map<String, MetricKind> KINDS = new HashMap<>();

  /** Names of the originals that stand for an id with a number of its own. */
  private static final Map<String, String> FIXED =
      Map.of("map_1000", "map@1000/r", "map_lim", "map@1023/r");

  static {
    for (MetricKind kind : MetricKind.values()) {
      KINDS.put(place(kind.pattern(), kind), kind);
      kind.aliases().forEach(alias -> KINDS.put(place(alias, kind), kind));
    }
  }

  private static final Pattern WITH_NUMBER =
      Pattern.compile("([a-z_-]+)@([-+]?[\\d.]{1,18}(?:e-\\d{1,2})?)(/[a-z]+)?");

  private final MetricKind kind;
  private final BigDecimal number; // null without one
  private final long k;

  private MetricId(MetricKind kind, BigDecimal number) {
    this.kind = kind;
    this.number = number;
    this.k = kind.number() == MetricKind.Number.COUNT ? number.longValueExact() : 0;
  }

  /** A pattern with a mark instead of its letter. */
  private static String place(String pattern, MetricKind kind) {
    return kind.number() == MetricKind.Number.NONE
        ? pattern
        : pattern.replace(kind.number().suffix, "@#");
  }

  /**
   * Reads an id or one of its aliases, in any case: {@code r@10}, {@code Recall@10}, {@code
   * cmc@10}, {@code precision_at_1}, {@code r_precision}, {@code map@10/oml}, {@code map@r}, ...
   *
   * @throws InputException if there is no such metric; the text lists what there is
   */
  public static MetricId parse(String text) {
    String name = text.strip().toLowerCase(Locale.ROOT).replaceFirst("^precision_at_(?=\\d)", "p@");
    name = FIXED.getOrDefault(name, name);
    Matcher matcher = WITH_NUMBER.matcher(name);
    if (matcher.matches()) {
      String end = matcher.group(3) == null ? "" : matcher.group(3);
      MetricKind kind = KINDS.get(matcher.group(1) + "@#" + end);
      if (kind != null) {
        return new MetricId(kind, number(kind, matcher.group(2), text.strip()));
      }
      if (name.matches("map@\\d+")) {
        throw unknown(text, " (name its dialect: " + dialects(name) + ")");
      }
    } else if (name.contains("@k")) {
      throw new InputException(
          "metrics: write a number for k in '" + text.strip() + "', for example r@10");
    }
    MetricKind kind = KINDS.get(name);
    if (kind == null || kind.number() != MetricKind.Number.NONE) {
      throw unknown(text, "");
    }
    return new MetricId(kind, null);
  }

  private static BigDecimal number(MetricKind kind, String text, String id) {
    BigDecimal value;
    try {
      value = new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw new InputException("metrics: '" + text + "' in '" + id + "' is no number");
    }
    boolean whole = value.stripTrailingZeros().scale() <= 0;
    switch (kind.number()) {
      case COUNT -> {
        if (value.signum() <= 0) {
          throw new InputException("metrics: k must be at least 1 in '" + id + "'");
        }
        if (!whole) {
          throw new InputException("metrics: k must be a whole number in '" + id + "'");
        }
      }
      case SIGNED -> {
        if (!whole || value.abs().compareTo(BigDecimal.valueOf(1_000_000)) > 0) {
          throw new InputException("metrics: m must be a whole number in '" + id + "'");
        }
      }
      case PERCENT -> {
        if (value.signum() < 0 || value.compareTo(BigDecimal.valueOf(100)) > 0) {
          throw new InputException("metrics: q must be 0 to 100 in '" + id + "'");
        }
      }
      default -> {
        if (value.signum() <= 0 || value.compareTo(BigDecimal.ONE) >= 0) {
          throw new InputException("metrics: f must be above 0 and below 1 in '" + id + "'");
        }
      }
    }
    return value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
  }

  private static InputException unknown(String text, String more) {
    return new InputException(
        "metrics: unknown metric '"
            + text.strip()
            + "'"
            + more
            + "; choose from "
            + String.join(", ", names()));
  }

  /**
   * Reads ids separated by commas, without repetitions.
   *
   * @throws InputException as {@link #parse}
   */
  public static List<MetricId> parseList(String text) {
    List<MetricId> ids = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      MetricId id = parse(part);
      if (!ids.contains(id)) {
        ids.add(id);
      }
    }
    return List.copyOf(ids);
  }

  /** The canonical patterns: {@code r@k}, {@code p@k}, ... */
  public static List<String> names() {
    return Arrays.stream(MetricKind.values()).map(MetricKind::pattern).toList();
  }

  private static String dialects(String map) {
    return map + "/oml, " + map + "/min or " + map + "/r";
  }

  /** What is computed. */
  public MetricKind kind() {
    return kind;
  }

  /** How many neighbours the id looks at, 0 for a metric without a k. */
  public long k() {
    return k;
  }

  /** Whether it is one number, of embeddings and labels alone. */
  public boolean isOfRowsAlone() {
    return kind != MetricKind.UNCERTAINTY_GIVEN && !(kind == MetricKind.RHO && number() == 0);
  }

  /** The number of the id, whatever it means; 0 without one. */
  double number() {
    return number == null ? 0 : number.doubleValue();
  }

  /** Canonical id, the key in every result. */
  public String id() {
    return number == null
        ? kind.pattern()
        : kind.pattern().replace(kind.number().suffix, "@" + number.toPlainString());
  }

  /** One sentence: how a query's value, or the whole metric, is defined. */
  public String definition() {
    return kind.number() == MetricKind.Number.NONE || kind.number() == MetricKind.Number.SIGNED
        ? kind.formula()
        : kind.formula()
            .replaceAll(
                "\\b" + kind.number().suffix.substring(1) + "\\b(?!-)", number.toPlainString());
  }

  /** Who defined it where. */
  public String source() {
    return kind.source();
  }

  /**
   * How many neighbours a list must have for this metric.
   *
   * @param mostRelevant the largest R of any query
   * @param available gallery rows that a query can retrieve
   */
  long depth(long mostRelevant, long available) {
    return switch (kind) {
      case MAP_AT_R, R_PRECISION -> mostRelevant;
      case MAP_AT_C -> mostRelevant + 1;
      case MAP, MRR -> available;
      default -> k;
    };
  }

  /**
   * The metric of one query.
   *
   * @param ranks ascending ranks of its relevant rows, at least those up to the metric's depth, in
   *     {@code [from, to)}
   * @param relevant R, at least 1
   */
  double of(long[] ranks, int from, int to, long relevant) {
    return switch (kind) {
      case RECALL -> to > from && ranks[from] <= k ? 1 : 0;
      case PRECISION -> (double) hits(ranks, from, to, k) / k;
      case PRECISION_OML -> (double) hits(ranks, from, to, k) / Math.min(k, relevant);
      case MAP_OML -> {
        int hits = hits(ranks, from, to, k);
        yield hits == 0 ? 0 : precisions(ranks, from, to, k) / hits;
      }
      case MAP_MIN -> precisions(ranks, from, to, k) / Math.min(k, relevant);
      case MAP_R -> precisions(ranks, from, to, k) / relevant;
      case MAP_AT_R -> precisions(ranks, from, to, relevant) / relevant;
      case MAP_AT_C -> precisions(ranks, from, to, relevant + 1) / relevant;
      case MAP -> precisions(ranks, from, to, Long.MAX_VALUE) / relevant;
      case R_PRECISION -> (double) hits(ranks, from, to, relevant) / relevant;
      case MRR -> to > from ? 1.0 / ranks[from] : 0;
      default -> throw new IllegalStateException(id() + " is not a ranking metric");
    };
  }

  private static int hits(long[] ranks, int from, int to, long depth) {
    int hits = 0;
    while (from + hits < to && ranks[from + hits] <= depth) {
      hits++;
    }
    return hits;
  }

  /** Sum over the relevant rows up to a depth of the precision at their rank. */
  private static double precisions(long[] ranks, int from, int to, long depth) {
    double sum = 0;
    for (int i = from; i < to && ranks[i] <= depth; i++) {
      sum += (double) (i - from + 1) / ranks[i];
    }
    return sum;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MetricId that && that.id().equals(id());
  }

  @Override
  public int hashCode() {
    return id().hashCode();
  }

  @Override
  public String toString() {
    return id();
  }
}
