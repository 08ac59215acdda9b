package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics that compare classes with clusters, of which there are as many as the measured rows have
 * classes: queries and gallery together where they are two sets.
 */
final class ClusterMetrics {
  private ClusterMetrics() {}

  /**
   * @param ids of one space: all Euclidean, or all cosine
   */
  static Map<String, Double> of(
      Backend backend, MeasuredRows rows, List<MetricId> ids, MetricSettings settings) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (ids.isEmpty()) {
      return values;
    }
    long[] labels = rows.labels();
    int clusters = (int) settings.clusters(Arrays.stream(labels).distinct().count());
    if (clusters < 1 || clusters > labels.length) { // of the measured rows they always fit
      throw new InputException(
          "training-classes: training-clusters needs 1.."
              + labels.length
              + " classes that were trained on, got "
              + (clusters == 0 ? "none" : clusters));
    }
    boolean cosine = ids.get(0).kind().needs() == MetricKind.Needs.DIRECTIONS;
    Partitions partitions =
        new Partitions(
            labels,
            cosine
                ? byCosine(backend, rows, clusters, settings)
                : euclidean(backend, rows, clusters, settings).assigned());
    for (MetricId id : ids) {
      values.put(
          id.id(),
          switch (id.kind()) {
            case NMI, NMI_COSINE -> partitions.nmi();
            case NMI_GEOMETRIC -> partitions.nmiGeometric();
            case AMI, AMI_COSINE -> partitions.ami();
            case F1, F1_COSINE -> partitions.f1();
            default -> throw new IllegalStateException(id + " is not of clusters");
          });
    }
    return values;
  }

  private static int starts(MeasuredRows rows, int clusters, MetricSettings settings) {
    return settings.clusterStarts() > 0
        ? settings.clusterStarts()
        : KMeans.starts(rows.labels().length, clusters);
  }

  private static KMeans.Result euclidean(
      Backend backend, MeasuredRows rows, int clusters, MetricSettings settings) {
    try (Arena arena = Arena.host()) { // FAISS works on the host
      int starts = starts(rows, clusters, settings);
      Tensor points = rows.points(arena);
      return KMeans.run(points, clusters, settings.clusterSeed(), starts, backend.threads());
    }
  }

  private static long[] byCosine(
      Backend backend, MeasuredRows rows, int clusters, MetricSettings settings) {
    KMeans.Result others =
        settings.compat().contains(MetricCompat.EUCLIDEAN_CENTROIDS)
            ? euclidean(backend, rows, clusters, settings)
            : null;
    try (Arena arena = new Arena(backend.memory())) {
      Tensor points = rows.points(arena);
      if (others != null) {
        return SphericalKMeans.nearest(backend, points, others.centroids(), clusters);
      }
      int starts = starts(rows, clusters, settings);
      return SphericalKMeans.clusters(backend, points, clusters, settings.clusterSeed(), starts)
          .assigned();
    }
  }
}
