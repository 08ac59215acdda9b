package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.Rows;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures embeddings: every query's own row is excluded by id, distances are Euclidean, equal
 * distances are ordered by lower id, and a query without a relevant gallery row is lone: counted,
 * and in no mean.
 *
 * <p>Memory beyond the inputs: a copy of the rows if they are normalised or not F32, 12 bytes per
 * row for labels, 64 MiB of relevant ids and ranks (or of neighbour lists), the engine's workspace,
 * and one number per class and metric for the per-class table. Nothing grows with rows x rows or
 * labels x rows. Clustering metrics add what k-means holds: a copy of the rows and k centroids.
 *
 * <p>Thread-safe: any number of threads may evaluate at once. {@link Thread#interrupt} stops an
 * evaluation within a second.
 */
public final class Evaluator {
  private final Backend backend;

  /**
   * @param backend does the arithmetic; borrowed, not closed
   */
  public Evaluator(Backend backend) {
    this.backend = backend;
  }

  /**
   * A set searched in itself.
   *
   * @param embeddings [N, d], F32 or F64 (measured in single precision)
   * @param labels I64 [N], any values
   * @throws InputException if shapes do not fit, a value is not finite, k exceeds the gallery, or
   *     ranking metrics are asked for and every query is lone
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public Evaluation evaluate(Tensor embeddings, Tensor labels, EvaluationOptions options) {
    return evaluate(embeddings, labels, null, null, options);
  }

  /**
   * A set of rows that a program has, searched in itself.
   *
   * @param embeddings [N, d]
   * @param labels [N]
   * @throws InputException as {@link #evaluate(Tensor, Tensor, EvaluationOptions)}
   */
  public Evaluation evaluate(Rows embeddings, ClassLabels labels, EvaluationOptions options) {
    try (Arena arena = Arena.host()) {
      return evaluate(embeddings.to(arena), labels.to(arena), options);
    }
  }

  /**
   * Query rows that a program has, searched in a gallery that does not contain them.
   *
   * @param queries [Q, d]
   * @param queryLabels [Q], named as the gallery's where they are names: {@link
   *     ClassLabels#of(List, List)}
   * @param gallery [G, d]
   * @param galleryLabels [G]
   * @throws InputException as {@link #evaluate(Tensor, Tensor, EvaluationOptions)}, and when the
   *     two sets' class names differ
   */
  public Evaluation evaluate(
      Rows queries,
      ClassLabels queryLabels,
      Rows gallery,
      ClassLabels galleryLabels,
      EvaluationOptions options) {
    if (!queryLabels.names().equals(galleryLabels.names())) {
      throw new InputException(
          "labels: queries and gallery number their class names differently; make the queries'"
              + " with ClassLabels.of(labels, galleryLabels.names())");
    }
    try (Arena arena = Arena.host()) {
      return evaluate(
          queries.to(arena),
          queryLabels.to(arena),
          gallery.to(arena),
          galleryLabels.to(arena),
          options);
    }
  }

  /**
   * Queries searched in a gallery that does not contain them.
   *
   * @param queries [Q, d], F32 or F64
   * @param queryLabels I64 [Q]
   * @param gallery [G, d]; null for the queries themselves
   * @param galleryLabels I64 [G]; null with {@code gallery}
   * @throws InputException as {@link #evaluate(Tensor, Tensor, EvaluationOptions)}
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  public Evaluation evaluate(
      Tensor queries,
      Tensor queryLabels,
      Tensor gallery,
      Tensor galleryLabels,
      EvaluationOptions options) {
    boolean sameSet = gallery == null;
    MatrixChecks.matrix("embeddings", queries);
    MatrixChecks.labels("labels", queryLabels, "embeddings", queries);
    MatrixChecks.rowCount("embeddings", queries);
    if (!sameSet) {
      MatrixChecks.matrix("gallery embeddings", gallery);
      MatrixChecks.labels("gallery labels", galleryLabels, "gallery embeddings", gallery);
      MatrixChecks.rowCount("gallery embeddings", gallery);
      MatrixChecks.sameWidth("embeddings", queries, "gallery embeddings", gallery);
    }
    try (Arena arena = new Arena(backend.memory())) {
      Tensor q = prepare("embeddings", queries, options.normalize(), arena);
      Tensor g = sameSet ? q : prepare("gallery embeddings", gallery, options.normalize(), arena);
      long[] labelsOfQueries = queryLabels.toLongs();
      long[] labelsOfGallery = sameSet ? labelsOfQueries : galleryLabels.toLongs();
      return measure(q, labelsOfQueries, g, labelsOfGallery, options);
    }
  }

  /** The first row F64 that is not zero and has no value that float32 holds with all its digits. */
  private static long firstTooSmall(Tensor x) {
    for (long i = 0; i < x.dim(0); i++) {
      double largest =
          Arrays.stream(x.rows(i, i + 1).toDoubles()).map(Math::abs).max().orElseThrow();
      if (largest > 0 && largest < Float.MIN_NORMAL) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Finite rows in single precision on the backend's device, normalised if asked; the tensor itself
   * where it is that.
   */
  private Tensor prepare(String name, Tensor given, boolean normalize, Arena arena) {
    if (given.dtype() != DType.F32) {
      try (Arena host = Arena.host()) {
        Tensor rows = host.allocate(given.dtype(), given.shape());
        return single(name, finite(name, given, normalize, rows), arena);
      }
    }
    Tensor x = given;
    if (!x.device().equals(backend.device())) {
      x = arena.allocate(DType.F32, given.shape());
      x.copyFrom(given);
    }
    boolean own = x != given;
    return finite(name, x, normalize, own || !normalize ? x : arena.allocate(DType.F32, x.shape()));
  }

  /** The rows, or {@code normalized} with them; in place if that is the same. */
  private Tensor finite(String name, Tensor x, boolean normalize, Tensor normalized) {
    long bad = backend.findNonFinite(x);
    if (bad >= 0) {
      throw new InputException(
          name
              + ": row "
              + bad / x.dim(1)
              + " has a NaN or an infinity; remove it or embed it again");
    }
    if (!normalize) {
      return x;
    }
    backend.normalizeRows(x, normalized);
    return normalized;
  }

  private Tensor single(String name, Tensor rows, Arena arena) {
    Tensor single = arena.allocate(DType.F32, rows.shape());
    single.copyFrom(rows);
    long bad = backend.findNonFinite(single);
    if (bad >= 0) {
      throw new InputException(
          name + ": row " + bad / rows.dim(1) + " has a value beyond float32; scale the rows down");
    }
    long lost = firstTooSmall(rows);
    if (lost >= 0) {
      throw new InputException(
          name + ": row " + lost + " is too small for float32; scale the rows up");
    }
    return single;
  }

  private Evaluation measure(
      Tensor queries,
      long[] queryLabels,
      Tensor gallery,
      long[] galleryLabels,
      EvaluationOptions options) {
    boolean sameSet = queries == gallery;
    List<MetricId> ranking =
        options.metrics().stream().filter(id -> !id.kind().isClustering()).toList();
    long available = gallery.dim(0) - (sameSet ? 1 : 0);
    for (MetricId id : ranking) {
      if (id.k() > available) {
        throw new InputException(
            "metrics: "
                + id
                + " needs "
                + id.k()
                + " gallery rows, but a query can retrieve only "
                + available);
      }
    }
    Relevance relevance = new Relevance(queryLabels, galleryLabels);
    QueryTotals totals = new QueryTotals(ranking, queryLabels, options.perClass());
    if (ranking.isEmpty()) {
      for (int q = 0; q < relevance.queries(); q++) {
        totals.add(q, new long[0], 0, 0, relevance.count(q), false);
      }
    } else {
      if (relevance.most() == 0) {
        throw new InputException(
            "labels: no query shares its label with a gallery row, so ranking metrics are"
                + " undefined; check the labels");
      }
      RankSource source =
          options.method() == EvaluationOptions.Method.RANKS
              ? new CountedRanks(backend)
              : new NeighbourRanks(backend, ranking);
      source.ranks(queries, gallery, sameSet, relevance, totals);
    }
    Map<String, Double> clustering = Map.of();
    if (ranking.size() < options.metrics().size()) {
      clustering = clusteringMetrics(queries, queryLabels, gallery, galleryLabels, options);
    }
    return totals.evaluation(options.metrics(), clustering);
  }

  /** Over the queries and, where it is another set, the gallery together. */
  private Map<String, Double> clusteringMetrics(
      Tensor queries,
      long[] queryLabels,
      Tensor gallery,
      long[] galleryLabels,
      EvaluationOptions options) {
    boolean sameSet = queries == gallery;
    try (Arena arena = Arena.host()) {
      Tensor points = queries;
      long[] labels = queryLabels;
      if (sameSet && !queries.device().equals(Device.CPU)) { // FAISS works on the host
        points = arena.allocate(DType.F32, queries.shape());
        points.copyFrom(queries);
      } else if (!sameSet) {
        long rows = queries.dim(0) + gallery.dim(0);
        points = arena.allocate(DType.F32, rows, queries.dim(1));
        points.rows(0, queries.dim(0)).copyFrom(queries);
        points.rows(queries.dim(0), rows).copyFrom(gallery);
        labels = Arrays.copyOf(queryLabels, Math.toIntExact(rows));
        System.arraycopy(galleryLabels, 0, labels, queryLabels.length, galleryLabels.length);
      }
      int classes = (int) Arrays.stream(labels).distinct().count();
      long[] clusters = KMeans.clusters(points, classes, backend.threads());
      Partitions partitions = new Partitions(labels, clusters);
      Map<String, Double> values = new LinkedHashMap<>();
      for (MetricId id : options.metrics()) {
        switch (id.kind()) {
          case NMI -> values.put(id.id(), partitions.nmi());
          case NMI_GEOMETRIC -> values.put(id.id(), partitions.nmiGeometric());
          case AMI -> values.put(id.id(), partitions.ami());
          case F1 -> values.put(id.id(), partitions.f1());
          default -> {}
        }
      }
      return Collections.unmodifiableMap(values);
    }
  }
}
