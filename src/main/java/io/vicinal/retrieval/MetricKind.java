package io.vicinal.retrieval;

import java.util.List;

/**
 * The registry of metrics: one entry each, with its name, what it needs, its formula, who defined
 * it, and other names. A letter behind the {@code @} of a name is a {@link Number} that an id
 * carries; {@link MetricId} reads ids.
 *
 * <p>Letters: r_1 &lt; r_2 &lt; ... are the ranks of a query's R relevant gallery rows (1 =
 * nearest, the query itself excluded), prec(n) the share of relevant rows among the n nearest.
 */
public enum MetricKind {
  RECALL(
      "r@k",
      Needs.RANKS,
      "share of queries with at least one relevant row among the k nearest",
      Sources.OH_SONG,
      "recall@k",
      "cmc@k",
      "hit_rate@k"),
  PRECISION(
      "p@k",
      Needs.RANKS,
      "relevant rows among the k nearest, divided by k",
      Sources.BOOK + "8.4",
      "precision@k"),
  PRECISION_OML(
      "p@k/oml",
      Needs.RANKS,
      "relevant rows among the k nearest, divided by min(k, R)",
      "Open Metric Learning"),
  MAP_OML(
      "map@k/oml",
      Needs.RANKS,
      "mean of the precisions at the relevant rows among the k nearest, divided by how many"
          + " there are (0 if none)",
      "Open Metric Learning"),
  MAP_MIN(
      "map@k/min",
      Needs.RANKS,
      "sum of the precisions at the relevant rows among the k nearest, divided by min(k, R)",
      "Weyand et al., CVPR 2020 (Google Landmarks v2)"),
  MAP_R(
      "map@k/r",
      Needs.RANKS,
      "sum of the precisions at the relevant rows among the k nearest, divided by R",
      "pytorch-metric-learning and TensorFlow Similarity, as mean average precision with a k"),
  MAP_AT_R(
      "map@r",
      Needs.RANKS,
      "sum of the precisions at the relevant rows among the R nearest, divided by R",
      "Musgrave, Belongie, Lim, ECCV 2020",
      "mean_average_precision_at_r"),
  MAP_AT_C(
      "map@c",
      Needs.RANKS,
      "sum of the precisions at the relevant rows among the R + 1 nearest, as many as the query's"
          + " class has rows, divided by R",
      Sources.ROTH + ", as mAP_c, whose divisor is R + 1",
      "map_c"),
  MAP(
      "map",
      Needs.RANKS,
      "sum of the precisions at all relevant rows of the full ranking, divided by R",
      Sources.BOOK + "8.4",
      "mean_average_precision"),
  R_PRECISION(
      "rp",
      Needs.RANKS,
      "relevant rows among the R nearest, divided by R",
      Sources.BOOK + "8.4",
      "r_precision"),
  MRR(
      "mrr",
      Needs.RANKS,
      "one over the rank of the nearest relevant row",
      "Voorhees, TREC 1999",
      "mean_reciprocal_rank"),
  NDCG(
      "ndcg@k",
      Needs.LISTS,
      "sum over the k nearest of relevance / log2(rank + 1), divided by the same sum of the best"
          + " order that the gallery allows; relevance is 1 within a class and 0 elsewhere, or as"
          + " --relevance or --levels grades it",
      "Järvelin and Kekäläinen, TOIS 2002"),
  VOTE_ACCURACY(
      "vote-acc@k",
      Needs.LISTS,
      "share of queries whose class has most of the votes of the k nearest, each weighing"
          + " exp(-distance / --vote-temperature); of equal shares the lower label wins",
      Sources.KIRCHHOF + ", as prob_acc",
      "prob_acc@k"),
  VOTE_LIKELIHOOD(
      "vote-logl@k",
      Needs.LISTS,
      "mean of ln max(p, 1e-4), p the share of the query's class in those votes of the k nearest",
      Sources.KIRCHHOF + ", as logl",
      "logl@k"),
  UNCERTAINTY_COSINE(
      "unc-cos",
      Needs.NEAREST,
      "area under the ROC curve of the cosine as a sign that the answer is right",
      Sources.KIRCHHOF,
      "unc_cos"),
  UNCERTAINTY_L2(
      "unc-l2",
      Needs.NEAREST,
      "area under the ROC curve of the Euclidean distance as a sign that the answer is wrong",
      Sources.KIRCHHOF,
      "unc_l2"),
  UNCERTAINTY_NORM(
      "unc-norm",
      Needs.NEAREST,
      "area under the ROC curve of the query's norm as a sign that the answer is right",
      Sources.KIRCHHOF),
  UNCERTAINTY_GIVEN(
      "unc-given",
      Needs.NEAREST,
      "area under the ROC curve of the query's --uncertainty as a sign that the answer is wrong",
      Sources.KIRCHHOF),
  NMI(
      "nmi",
      Needs.CLUSTERS,
      "mutual information of k-means clusters and classes, divided by the arithmetic mean of"
          + " their entropies",
      Sources.BOOK + "16.3"),
  NMI_GEOMETRIC(
      "nmi/geometric",
      Needs.CLUSTERS,
      "mutual information of k-means clusters and classes, divided by the geometric mean of"
          + " their entropies",
      "Strehl and Ghosh, JMLR 2002"),
  AMI(
      "ami",
      Needs.CLUSTERS,
      "mutual information of k-means clusters and classes, adjusted for chance (arithmetic"
          + " mean)",
      "Vinh, Epps, Bailey, JMLR 2010"),
  F1(
      "f1",
      Needs.CLUSTERS,
      "pairwise F1 of k-means clusters against classes",
      Sources.BOOK + "16.3"),
  NMI_COSINE(
      "nmi/cosine",
      Needs.DIRECTIONS,
      "as nmi, with the clusters of spherical k-means",
      Sources.DHILLON,
      "c_nmi"),
  AMI_COSINE(
      "ami/cosine",
      Needs.DIRECTIONS,
      "as ami, with the clusters of spherical k-means",
      Sources.DHILLON),
  F1_COSINE(
      "f1/cosine",
      Needs.DIRECTIONS,
      "as f1, with the clusters of spherical k-means",
      Sources.DHILLON,
      "c_f1"),
  INTRA(
      "intra",
      Needs.CLASS_SUMS,
      "mean over the classes of two rows or more of the mean of 1 - cosine over their pairs",
      Sources.ROTH,
      "dists@intra"),
  INTER(
      "inter",
      Needs.CLASS_SUMS,
      "mean of 1 - cosine over the pairs of classes, each as the sum of its rows as they are compared",
      Sources.ROTH,
      "dists@inter"),
  INTRA_OVER_INTER(
      "intra-over-inter",
      Needs.CLASS_SUMS,
      "intra / max(inter, 1e-8); 0 where there is one class",
      Sources.ROTH,
      "dists@intra_over_inter"),
  RHO(
      "rho@m",
      Needs.SPECTRUM,
      "p: the singular values of the rows without the |m| - 1 largest, divided by their sum; u:"
          + " uniform; KL(u || p) for m > 0, KL(p || u) for m < 0, p itself for m = 0; natural"
          + " logarithm",
      Sources.ROTH,
      "rho_spectrum@m"),
  NORM(
      "norm@q",
      Needs.ROWS,
      "percentile q of the rows' Euclidean norms before --normalize, linear between two of them",
      Sources.KIRCHHOF,
      "norms@q"),
  FNMR(
      "fnmr@f",
      Needs.PAIRS,
      "share of the pairs of one class that are farther than the threshold at which at most the"
          + " share f of the pairs of two classes is not",
      "ISO/IEC 19795-1; Open Metric Learning, as FNMR@FMR"),
  OPIS(
      "opis",
      Needs.PAIRS,
      "mean over classes and over thresholds of false-match rates 0.01 to 0.1 of the squared"
          + " deviation from the classes' mean of 2 a b / (a + b), a the share of a class's pairs"
          + " that match, b the share of its pairs with others that do not",
      "Zhang et al., ICLR 2024, arXiv 2307.04047");

  /** What a metric is computed from. */
  public enum Needs {
    RANKS("labels, the ranking of every query's gallery"),
    LISTS("labels, lists of every query's k nearest rows"),
    NEAREST("labels, every query's nearest row by cosine, which is its answer"),
    CLUSTERS("labels, clusters (k-means of the embeddings)"),
    DIRECTIONS("labels, clusters (spherical k-means of the embeddings, by cosine)"),
    CLASS_SUMS("labels, one pass over the embeddings"),
    SPECTRUM("the eigenvalues of the embeddings' products"),
    ROWS("one pass over the embeddings"),
    PAIRS("labels, the distances of all pairs");

    private final String text;

    Needs(String text) {
      this.text = text;
    }

    /** In words. */
    public String text() {
      return text;
    }
  }

  /** What stands behind an id's {@code @}. */
  enum Number {
    NONE(""),
    COUNT("@k"),
    SIGNED("@m"),
    PERCENT("@q"),
    RATE("@f");

    final String suffix;

    Number(String suffix) {
      this.suffix = suffix;
    }
  }

  private static final class Sources {
    static final String BOOK = "Manning, Raghavan, Schütze, 2008, §";
    static final String OH_SONG = "Oh Song et al., CVPR 2016";
    static final String ROTH = "Roth et al., ICML 2020";
    static final String KIRCHHOF = "Kirchhof et al., ECCV 2022";
    static final String DHILLON = "Dhillon and Modha, Machine Learning 2001";
  }

  private final String pattern;
  private final Needs needs;
  private final String formula;
  private final String source;
  private final List<String> aliases;

  MetricKind(String pattern, Needs needs, String formula, String source, String... aliases) {
    this.pattern = pattern;
    this.needs = needs;
    this.formula = formula;
    this.source = source;
    this.aliases = List.of(aliases);
  }

  /** Its name, with a letter where an id has a number: {@code r@k}. */
  public String pattern() {
    return pattern;
  }

  /** What it is computed from. */
  public Needs needs() {
    return needs;
  }

  /** How it is computed, one sentence; of a query where it is a mean over queries. */
  public String formula() {
    return formula;
  }

  /** Who defined it where. */
  public String source() {
    return source;
  }

  List<String> aliases() {
    return aliases;
  }

  Number number() {
    for (Number number : Number.values()) {
      if (number != Number.NONE && pattern.contains(number.suffix)) {
        int end = pattern.indexOf(number.suffix) + number.suffix.length();
        if (end == pattern.length() || pattern.charAt(end) == '/') {
          return number;
        }
      }
    }
    return Number.NONE;
  }

  /** An id of it, for showing: {@code r@10}. */
  public MetricId example() {
    String number =
        switch (number()) {
          case NONE -> "";
          case COUNT -> "@10";
          case SIGNED -> "@1";
          case PERCENT -> "@50";
          case RATE -> "@0.01";
        };
    return MetricId.parse(pattern.replace(number().suffix, number));
  }

  /** Whether it compares clusters with classes. */
  public boolean isClustering() {
    return needs == Needs.CLUSTERS || needs == Needs.DIRECTIONS;
  }

  /** Whether it is a mean of values of 0 to 1 over the queries that have a relevant row. */
  public boolean isRanking() {
    return needs == Needs.RANKS;
  }

  /** Whether more of it is better, so that it can choose among models. */
  public boolean isBetterLarger() {
    return switch (this) {
      case INTRA, INTRA_OVER_INTER, RHO, NORM, FNMR, OPIS -> false;
      default -> true;
    };
  }

  /** Whether it is a share, of 0 to 1; others are distances, logarithms or divergences. */
  public boolean isFraction() {
    return switch (this) {
      case VOTE_LIKELIHOOD, INTRA, INTER, INTRA_OVER_INTER, RHO, NORM, OPIS -> false;
      default -> true;
    };
  }
}
