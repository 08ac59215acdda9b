package io.vicinal.retrieval;

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
    int classes = (int) Arrays.stream(labels).distinct().count();
    int starts =
        settings.clusterStarts() > 0
            ? settings.clusterStarts()
            : KMeans.starts(labels.length, classes);
    boolean cosine = ids.get(0).kind().needs() == MetricKind.Needs.DIRECTIONS;
    Partitions partitions;
    // FAISS works on the host
    try (Arena arena = cosine ? new Arena(backend.memory()) : Arena.host()) {
      Tensor points = rows.points(arena);
      int seed = settings.clusterSeed();
      partitions =
          new Partitions(
              labels,
              cosine
                  ? SphericalKMeans.clusters(backend, points, classes, seed, starts).assigned()
                  : KMeans.clusters(points, classes, seed, starts, backend.threads()));
    }
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
}
