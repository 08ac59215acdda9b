package io.vicinal.statistics;

import io.vicinal.InputException;
import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/**
 * Percentile intervals from seeded resampling with replacement (Efron and Tibshirani 1993, chapter
 * 13). Immutable, safe for any thread; equal settings give equal intervals.
 *
 * @param resamples B, at least 100
 * @param level confidence, between 0 and 1, such as 0.95
 * @param seed of the resampling
 */
public record Bootstrap(int resamples, double level, long seed) {
  /**
   * @throws InputException if a setting is out of range
   */
  public Bootstrap {
    if (resamples < 100 || !(level > 0 && level < 1)) {
      throw new InputException(
          "bootstrap: needs at least 100 resamples and a level between 0 and 1, got "
              + resamples
              + " and "
              + level);
    }
  }

  /** 10,000 resamples, 95 %, seed 0. */
  public static Bootstrap defaults() {
    return new Bootstrap(10_000, 0.95, 0);
  }

  /** Interval of the mean of values. */
  public Interval mean(double[] values) {
    Checks.values("bootstrap", values, 1);
    return of(
        values.length, ids -> Arrays.stream(ids).mapToDouble(i -> values[i]).sum() / ids.length);
  }

  /**
   * Interval of any statistic of n observations.
   *
   * @param n observations
   * @param statistic of the observations whose numbers, 0..n-1, it is given, with repeats; where it
   *     is NaN (say, the correlation of a resample that is constant) the resample is left out
   */
  public Interval of(int n, ToDoubleFunction<int[]> statistic) {
    if (n < 1) {
      throw new InputException("bootstrap: there is no observation; give at least one");
    }
    Xoshiro random = Xoshiro.of(seed, "bootstrap");
    int[] ids = new int[n];
    Arrays.setAll(ids, i -> i);
    double estimate = statistic.applyAsDouble(ids);
    double[] values = new double[resamples];
    for (int b = 0; b < resamples; b++) {
      Arrays.setAll(ids, i -> random.below(n));
      values[b] = statistic.applyAsDouble(ids);
    }
    double[] sorted = Arrays.stream(values).filter(v -> !Double.isNaN(v)).sorted().toArray();
    double tail = (1 - level) / 2;
    return new Interval(estimate, quantile(sorted, tail), quantile(sorted, 1 - tail), level);
  }

  /** Linear interpolation between order statistics, as NumPy's default. */
  static double quantile(double[] sorted, double p) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double at = p * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
