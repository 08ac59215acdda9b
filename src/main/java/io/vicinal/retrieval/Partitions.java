package io.vicinal.retrieval;

import java.util.Arrays;

/**
 * How well two partitions of the same N items agree: classes against clusters. Built once from the
 * sparse contingency table (by sorting, O(N log N) time and O(N) memory, never classes x clusters).
 * Natural logarithms. Immutable.
 *
 * <p>Definitions follow scikit-learn: normalised mutual information (Strehl and Ghosh, 2002) with
 * the arithmetic or geometric mean, and adjusted mutual information (Vinh, Epps and Bailey, JMLR
 * 11, 2010) with the arithmetic mean and the exact expectation under the hypergeometric model.
 */
public final class Partitions {
  private static final double EPSILON = Math.ulp(1.0);

  private final int n;
  private final long[] classSizes;
  private final long[] clusterSizes;
  private final double mutualInformation;
  private final double truePairs;

  /**
   * @param classes label of each item, any 64-bit values
   * @param clusters cluster of each item, any 64-bit values; the same length
   */
  public Partitions(long[] classes, long[] clusters) {
    if (classes.length != clusters.length) {
      throw new IllegalArgumentException(
          classes.length + " classes for " + clusters.length + " clusters");
    }
    n = classes.length;
    int[] rows = dense(classes);
    int[] columns = dense(clusters);
    classSizes = sizes(rows);
    clusterSizes = sizes(columns);
    long[] cells = new long[n];
    for (int i = 0; i < n; i++) {
      cells[i] = (long) rows[i] << 32 | columns[i];
    }
    Arrays.sort(cells);
    double information = 0;
    double pairs = 0;
    for (int i = 0; i < n; ) {
      int j = i;
      while (j < n && cells[j] == cells[i]) {
        j++;
      }
      double a = classSizes[(int) (cells[i] >>> 32)];
      double b = clusterSizes[(int) cells[i]];
      long count = j - i;
      information += (double) count / n * Math.log((double) count * n / (a * b));
      pairs += pairs(count);
      i = j;
    }
    boolean single = classSizes.length == 1 || clusterSizes.length == 1;
    mutualInformation = single ? 0 : Math.max(0, information);
    truePairs = pairs;
  }

  /** I / ((H(classes) + H(clusters)) / 2); 1 if both partitions have a single part. */
  public double nmi() {
    return normalised((entropy(classSizes) + entropy(clusterSizes)) / 2);
  }

  /** I / sqrt(H(classes) H(clusters)), the older convention; 1 if both have a single part. */
  public double nmiGeometric() {
    return normalised(Math.sqrt(entropy(classSizes) * entropy(clusterSizes)));
  }

  private double normalised(double mean) {
    if (bothSingle()) {
      return 1;
    }
    return mutualInformation <= EPSILON ? 0 : mutualInformation / mean;
  }

  private boolean bothSingle() {
    return classSizes.length <= 1 && clusterSizes.length <= 1;
  }

  /** (I - E[I]) / (mean entropy - E[I]); 1 if both partitions have a single part, 0 if one has. */
  public double ami() {
    if (bothSingle()) {
      return 1;
    }
    if (classSizes.length == 1 || clusterSizes.length == 1) {
      return 0;
    }
    double expected = expectedMutualInformation();
    double range = (entropy(classSizes) + entropy(clusterSizes)) / 2 - expected;
    return awayFromZero(mutualInformation - expected) / awayFromZero(range);
  }

  /** Keeps 0 / 0 of a perfect match at 1. */
  private static double awayFromZero(double x) {
    return x < 0 ? Math.min(x, -EPSILON) : Math.max(x, EPSILON);
  }

  /**
   * 2 TP / (pairs in one class + pairs in one cluster), TP the pairs that share both; 1 if no two
   * items share anything on either side.
   */
  public double f1() {
    double total = 0;
    for (long size : classSizes) {
      total += pairs(size);
    }
    for (long size : clusterSizes) {
      total += pairs(size);
    }
    return total == 0 ? 1 : 2 * truePairs / total;
  }

  private static double pairs(long count) {
    return 0.5 * count * (count - 1);
  }

  private double entropy(long[] sizes) {
    double entropy = 0;
    for (long size : sizes) {
      double share = (double) size / n;
      entropy -= share * Math.log(share);
    }
    return sizes.length <= 1 ? 0 : entropy;
  }

  /**
   * Expected mutual information of two random partitions with these sizes: a sum over every pair of
   * sizes, of which there are few different ones, so equal pairs are counted once.
   */
  double expectedMutualInformation() {
    double[] logFactorial = logFactorials(n);
    long[][] classCounts = counted(classSizes);
    long[][] clusterCounts = counted(clusterSizes);
    double expected = 0;
    for (long[] a : classCounts) {
      for (long[] b : clusterCounts) {
        double times = (double) a[1] * b[1];
        expected += times * expectedCell((int) a[0], (int) b[0], logFactorial);
      }
    }
    return expected;
  }

  private double expectedCell(int a, int b, double[] logFactorial) {
    double fixed =
        logFactorial[a]
            + logFactorial[b]
            + logFactorial[n - a]
            + logFactorial[n - b]
            - logFactorial[n];
    double sum = 0;
    for (int count = Math.max(1, a + b - n); count <= Math.min(a, b); count++) {
      double logProbability =
          fixed
              - logFactorial[count]
              - logFactorial[a - count]
              - logFactorial[b - count]
              - logFactorial[n - a - b + count];
      sum +=
          (double) count
              / n
              * Math.log((double) count * n / ((double) a * b))
              * Math.exp(logProbability);
    }
    return sum;
  }

  /** ln 0!, ..., ln n!, summed with compensation. */
  private static double[] logFactorials(int n) {
    double[] values = new double[n + 1];
    double lost = 0;
    for (int i = 2; i <= n; i++) {
      double term = Math.log(i) - lost;
      double sum = values[i - 1] + term;
      lost = sum - values[i - 1] - term;
      values[i] = sum;
    }
    return values;
  }

  /** Different values and how often each occurs. */
  private static long[][] counted(long[] values) {
    long[] sorted = values.clone();
    Arrays.sort(sorted);
    long[][] counts = new long[sorted.length][];
    int different = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i > 0 && sorted[i] == sorted[i - 1]) {
        counts[different - 1][1]++;
      } else {
        counts[different++] = new long[] {sorted[i], 1};
      }
    }
    return Arrays.copyOf(counts, different);
  }

  /** Renames values to 0.. in ascending order. */
  private static int[] dense(long[] values) {
    long[] names = Arrays.stream(values).sorted().distinct().toArray();
    int[] dense = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      dense[i] = Arrays.binarySearch(names, values[i]);
    }
    return dense;
  }

  private static long[] sizes(int[] dense) {
    long[] sizes = new long[Arrays.stream(dense).max().orElse(-1) + 1];
    for (int part : dense) {
      sizes[part]++;
    }
    return sizes;
  }
}
