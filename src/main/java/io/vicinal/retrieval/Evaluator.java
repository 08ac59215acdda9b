package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.Rows;
import io.vicinal.retrieval.MetricKind.Needs;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
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
 * labels x rows. Clustering metrics add what k-means holds: a copy of the rows and k centroids;
 * what other metrics add, docs/metrics.md says. What no metric needs is not computed.
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
    try (Arena arena = new Arena(backend.memory())) {
      return measure(
          MeasuredRows.of(
              backend, queries, queryLabels, gallery, galleryLabels, options.normalize(), arena),
          options);
    }
  }

  private static List<MetricId> those(EvaluationOptions options, MetricKind.Needs... needs) {
    return options.metrics().stream()
        .filter(id -> List.of(needs).contains(id.kind().needs()))
        .toList();
  }

  private Evaluation measure(MeasuredRows rows, EvaluationOptions options) {
    MetricSettings settings = options.settings();
    List<MetricId> ranking = those(options, Needs.RANKS);
    check(rows, options);
    Relevance relevance = new Relevance(rows.queryLabels(), rows.galleryLabels());
    RankDefects defects =
        settings.compat().isEmpty() ? null : new RankDefects(rows, relevance, settings.compat());
    QueryTotals totals = new QueryTotals(ranking, rows.queryLabels(), options.perClass(), defects);
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
          options.method() == EvaluationOptions.Method.RANKS || defects != null
              ? new CountedRanks(backend)
              : new NeighbourRanks(backend, ranking);
      source.ranks(rows.queries(), rows.gallery(), rows.sameSet(), relevance, totals);
    }
    Map<String, Double> others = new HashMap<>();
    Map<String, List<Double>> vectors = new LinkedHashMap<>();
    others.putAll(ListMetrics.of(backend, rows, relevance, those(options, Needs.LISTS), settings));
    List<MetricId> answers = those(options, Needs.NEAREST);
    if (!answers.isEmpty()) {
      others.putAll(Answers.of(backend, rows, relevance).metrics(answers, settings.uncertainty()));
    }
    for (Needs space : List.of(Needs.CLUSTERS, Needs.DIRECTIONS)) {
      others.putAll(ClusterMetrics.of(backend, rows, those(options, space), settings));
    }
    others.putAll(distances(rows, those(options, Needs.CLASS_SUMS), settings));
    spectrum(rows, those(options, Needs.SPECTRUM), settings, others, vectors);
    others.putAll(norms(rows, those(options, Needs.ROWS)));
    others.putAll(pairs(rows, those(options, Needs.PAIRS)));
    return totals.evaluation(options.metrics(), others, Collections.unmodifiableMap(vectors));
  }

  private void check(MeasuredRows rows, EvaluationOptions options) {
    MetricSettings settings = options.settings();
    for (MetricId id : options.metrics()) {
      if (!MetricCompat.pads(settings.compat(), id) && id.k() > rows.available()) {
        throw new InputException(
            "metrics: "
                + id
                + " needs "
                + id.k()
                + " gallery rows, but a query can retrieve only "
                + rows.available());
      }
      if (id.kind() == MetricKind.UNCERTAINTY_GIVEN
          && (settings.uncertainty() == null
              || settings.uncertainty().length != rows.queryLabels().length)) {
        throw new InputException(
            "uncertainty: unc-given needs one number for each of the "
                + rows.queryLabels().length
                + " queries, got "
                + (settings.uncertainty() == null ? "none" : settings.uncertainty().length));
      }
    }
  }

  private static Map<String, Double> distances(
      MeasuredRows rows, List<MetricId> ids, MetricSettings settings) {
    Map<String, Double> values = new HashMap<>();
    if (!ids.isEmpty()) {
      boolean lone = settings.compat().contains(MetricCompat.LONE_DISTANCES);
      SpaceMetrics.Distances distances = SpaceMetrics.distances(rows, lone);
      for (MetricId id : ids) {
        values.put(
            id.id(),
            switch (id.kind()) {
              case INTRA -> distances.intra();
              case INTER -> distances.inter();
              default -> distances.ratio();
            });
      }
    }
    return values;
  }

  private void spectrum(
      MeasuredRows rows,
      List<MetricId> ids,
      MetricSettings settings,
      Map<String, Double> values,
      Map<String, List<Double>> vectors) {
    if (!ids.isEmpty()) {
      boolean truncated = settings.compat().contains(MetricCompat.RHO_TRUNCATED);
      double[] singular = SpaceMetrics.spectrum(backend, rows, truncated);
      for (MetricId id : ids) {
        int m = (int) id.number();
        if (m == 0) {
          vectors.put(id.id(), SpaceMetrics.shares(singular, 0, id));
        } else {
          values.put(id.id(), SpaceMetrics.rho(singular, m, id));
        }
      }
    }
  }

  private static Map<String, Double> norms(MeasuredRows rows, List<MetricId> ids) {
    Map<String, Double> values = new HashMap<>();
    if (!ids.isEmpty()) {
      double[] norms = SpaceMetrics.norms(rows);
      Arrays.sort(norms);
      ids.forEach(id -> values.put(id.id(), SpaceMetrics.percentile(norms, id.number())));
    }
    return values;
  }

  private Map<String, Double> pairs(MeasuredRows rows, List<MetricId> ids) {
    Map<String, Double> values = new HashMap<>();
    if (!ids.isEmpty()) {
      PairStream pairs = new PairStream(backend, rows);
      PairDistances distances = PairDistances.of(pairs);
      for (MetricId id : ids) {
        double rate = id.kind() == MetricKind.OPIS ? 0.1 : id.number();
        OperatingPoint point = OperatingPoint.measure(pairs, distances, distances.threshold(rate));
        values.put(
            id.id(), id.kind() == MetricKind.OPIS ? point.opis() : point.falseNonMatches().value());
      }
    }
    return values;
  }
}
