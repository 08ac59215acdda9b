package io.vicinal.curate.relabel;

import io.vicinal.curate.noise.Evidence;
import io.vicinal.retrieval.NeighbourList;
import java.util.Arrays;

/**
 * Finds samples that belong to no class: far from everything, where members of a class have
 * neighbours. With r the logarithm of the mean distance to the ten nearest samples in frozen
 * features, a sample's remoteness is
 *
 * <pre>
 *   min over classes c of (r - median_c) / (1.4826 MAD_c)
 * </pre>
 *
 * median and median absolute deviation over the samples labelled c. Robust against the very samples
 * it looks for, and against wrong labels. Stateless.
 */
final class OutlierScore {
  private static final int NEAREST = 10;
  private static final double TO_DEVIATION = 1.4826; // of a normal distribution
  private static final double FLOOR = 1e-3; // of the deviation: equal samples are no yardstick

  private OutlierScore() {}

  static double[] of(Evidence evidence) {
    NeighbourList lists = evidence.neighbours().frozen();
    int n = evidence.samples();
    int k = Math.min(NEAREST, lists.k());
    double[] r = new double[n];
    for (int i = 0; i < n; i++) {
      double sum = 0;
      for (int j = 0; j < k; j++) {
        sum += Math.sqrt(lists.distance(i, j));
      }
      r[i] = Math.log(Math.max(1e-12, sum / k));
    }
    double[] remoteness = new double[n];
    Arrays.fill(remoteness, Double.POSITIVE_INFINITY);
    for (int c = 0; c < evidence.classes(); c++) {
      double[] own = members(r, evidence.labels(), c);
      if (own.length == 0) {
        continue;
      }
      double median = median(own);
      double mad = median(Arrays.stream(own).map(v -> Math.abs(v - median)).toArray());
      double deviation = Math.max(FLOOR, TO_DEVIATION * mad);
      for (int i = 0; i < n; i++) {
        remoteness[i] = Math.min(remoteness[i], (r[i] - median) / deviation);
      }
    }
    return remoteness;
  }

  private static double[] members(double[] r, long[] labels, int c) {
    double[] own = new double[r.length];
    int count = 0;
    for (int i = 0; i < r.length; i++) {
      if (labels[i] == c) {
        own[count++] = r[i];
      }
    }
    return Arrays.copyOf(own, count);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
