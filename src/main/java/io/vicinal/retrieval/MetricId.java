package io.vicinal.retrieval;

import io.vicinal.InputException;
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
 *
 * <p>Ranking metrics look at one query's ranks r_1 &lt; r_2 &lt; ... of its R relevant gallery rows
 * (1 = nearest, the query itself excluded) and are averaged over the queries that have a relevant
 * row. Clustering metrics compare k-means clusters with the classes.
 */
public final class MetricId {
  private static final String BOOK = "Manning, Raghavan, Schütze, 2008, §";

  /** What is computed; {@code k} below is the number in the id. */
  public enum Kind {
    RECALL(
        "r@k",
        "share of queries with at least one relevant row among the k nearest",
        "Oh Song et al., CVPR 2016",
        "recall@k",
        "cmc@k",
        "hit_rate@k"),
    PRECISION(
        "p@k", "relevant rows among the k nearest, divided by k", BOOK + "8.4", "precision@k"),
    PRECISION_OML(
        "p@k/oml",
        "relevant rows among the k nearest, divided by min(k, R)",
        "Open Metric Learning"),
    MAP_OML(
        "map@k/oml",
        "mean of the precisions at the relevant rows among the k nearest, divided by how many"
            + " there are (0 if none)",
        "Open Metric Learning"),
    MAP_MIN(
        "map@k/min",
        "sum of the precisions at the relevant rows among the k nearest, divided by min(k, R)",
        "Weyand et al., CVPR 2020 (Google Landmarks v2)"),
    MAP_R(
        "map@k/r",
        "sum of the precisions at the relevant rows among the k nearest, divided by R",
        "pytorch-metric-learning and TensorFlow Similarity, as mean average precision with a k"),
    MAP_AT_R(
        "map@r",
        "sum of the precisions at the relevant rows among the R nearest, divided by R",
        "Musgrave, Belongie, Lim, ECCV 2020",
        "mean_average_precision_at_r"),
    MAP(
        "map",
        "sum of the precisions at all relevant rows of the full ranking, divided by R",
        BOOK + "8.4",
        "mean_average_precision"),
    R_PRECISION(
        "rp", "relevant rows among the R nearest, divided by R", BOOK + "8.4", "r_precision"),
    MRR(
        "mrr",
        "one over the rank of the nearest relevant row",
        "Voorhees, TREC 1999",
        "mean_reciprocal_rank"),
    NMI(
        "nmi",
        "mutual information of k-means clusters and classes, divided by the arithmetic mean of"
            + " their entropies",
        BOOK + "16.3"),
    NMI_GEOMETRIC(
        "nmi/geometric",
        "mutual information of k-means clusters and classes, divided by the geometric mean of"
            + " their entropies",
        "Strehl and Ghosh, JMLR 2002"),
    AMI(
        "ami",
        "mutual information of k-means clusters and classes, adjusted for chance (arithmetic"
            + " mean)",
        "Vinh, Epps, Bailey, JMLR 2010"),
    F1("f1", "pairwise F1 of k-means clusters against classes", BOOK + "16.3");

    private final String pattern;
    private final String text;
    private final String source;
    private final List<String> aliases;

    Kind(String pattern, String text, String source, String... aliases) {
      this.pattern = pattern;
      this.text = text;
      this.source = source;
      this.aliases = List.of(aliases);
    }

    /** Whether the id carries a k. */
    boolean takesK() {
      return pattern.contains("@k");
    }

    /** Whether the metric compares clusters with classes. */
    public boolean isClustering() {
      return switch (this) {
        case NMI, NMI_GEOMETRIC, AMI, F1 -> true;
        default -> false;
      };
    }
  }

  private static final Map<String, Kind> KINDS = new HashMap<>();

  static {
    for (Kind kind : Kind.values()) {
      KINDS.put(kind.pattern, kind);
      kind.aliases.forEach(alias -> KINDS.put(alias, kind));
    }
  }

  private static final Pattern WITH_K = Pattern.compile("([a-z_]+)@(\\d{1,18})(/[a-z]+)?");

  private final Kind kind;
  private final long k;

  private MetricId(Kind kind, long k) {
    this.kind = kind;
    this.k = k;
  }

  /**
   * Reads an id or one of its aliases, in any case: {@code r@10}, {@code Recall@10}, {@code
   * cmc@10}, {@code precision_at_1}, {@code r_precision}, {@code map@10/oml}, {@code map@r}, ...
   *
   * @throws InputException if there is no such metric; the text lists what there is
   */
  public static MetricId parse(String text) {
    String name = text.strip().toLowerCase(Locale.ROOT).replaceFirst("^precision_at_(?=\\d)", "p@");
    long k = 0;
    Matcher matcher = WITH_K.matcher(name);
    if (matcher.matches()) {
      k = Long.parseLong(matcher.group(2));
      name = matcher.group(1) + "@k" + (matcher.group(3) == null ? "" : matcher.group(3));
      if (k < 1) {
        throw new InputException("metrics: k must be at least 1 in '" + text.strip() + "'");
      }
    } else if (name.contains("@k")) {
      throw new InputException(
          "metrics: write a number for k in '" + text.strip() + "', for example r@10");
    }
    Kind kind = KINDS.get(name);
    if (kind == null) {
      throw new InputException(
          "metrics: unknown metric '"
              + text.strip()
              + "'"
              + (name.equals("map@k") ? " (name its dialect: " + dialects(k) + ")" : "")
              + "; choose from "
              + String.join(", ", names()));
    }
    return new MetricId(kind, k);
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
    return Arrays.stream(Kind.values()).map(kind -> kind.pattern).toList();
  }

  private static String dialects(long k) {
    return "map@" + k + "/oml, map@" + k + "/min or map@" + k + "/r";
  }

  /** What is computed. */
  public Kind kind() {
    return kind;
  }

  /** The k of the id, 0 for a metric without one. */
  public long k() {
    return k;
  }

  /** Canonical id, the key in every result. */
  public String id() {
    return kind.takesK() ? kind.pattern.replace("@k", "@" + k) : kind.pattern;
  }

  /** One sentence: how a query's value, or the clustering's, is defined. */
  public String definition() {
    return kind.takesK() ? kind.text.replaceAll("\\bk\\b(?!-)", Long.toString(k)) : kind.text;
  }

  /** Who defined it where. */
  public String source() {
    return kind.source;
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
    return other instanceof MetricId that && that.kind == kind && that.k == k;
  }

  @Override
  public int hashCode() {
    return 31 * kind.hashCode() + Long.hashCode(k);
  }

  @Override
  public String toString() {
    return id();
  }
}
