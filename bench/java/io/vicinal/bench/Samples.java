package io.vicinal.bench;

import java.util.Arrays;

/** Times in milliseconds and their order statistics. Not thread-safe. */
final class Samples {
  private double[] values = new double[64];
  private int count;

  void add(double milliseconds) {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = milliseconds;
  }

  void add(Samples others) {
    for (int i = 0; i < others.count; i++) {
      add(others.values[i]);
    }
  }

  int count() {
    return count;
  }

  double median() {
    return quantile(0.5);
  }

  /** Linear interpolation between order statistics; NaN without samples. */
  double quantile(double q) {
    if (count == 0) {
      return Double.NaN;
    }
    double[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    double at = q * (count - 1);
    int below = (int) at;
    int above = Math.min(below + 1, count - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
