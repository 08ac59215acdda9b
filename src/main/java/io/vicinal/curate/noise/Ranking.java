package io.vicinal.curate.noise;

import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Orders of samples by a score, most suspicious first. Equal scores are ordered by lower id, NaN
 * (no opinion) comes last. Stateless, safe for any thread.
 */
public final class Ranking {
  private Ranking() {}

  /** Sample ids, highest score first. */
  public static int[] order(double[] scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(
            Comparator.comparing((Integer i) -> Double.isNaN(scores[i]))
                .thenComparing((a, b) -> Double.compare(scores[b] + 0.0, scores[a] + 0.0)))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /**
   * Where every sample stands, from 0 (least suspicious) to 1; equal scores share the mean of their
   * places. NaN is 0.5: a detector without an opinion on a sample moves no average.
   */
  public static double[] standing(double[] scores) {
    int[] order = order(scores);
    int known = (int) Arrays.stream(scores).filter(s -> !Double.isNaN(s)).count();
    double[] standing = new double[scores.length];
    Arrays.fill(standing, 0.5);
    for (int from = 0; from < known; ) {
      int to = from + 1;
      while (to < known && scores[order[to]] == scores[order[from]]) {
        to++;
      }
      double middle = known == 1 ? 0.5 : 1 - (from + to - 1) / 2.0 / (known - 1);
      for (int i = from; i < to; i++) {
        standing[order[i]] = middle;
      }
      from = to;
    }
    return standing;
  }

  /** The mean of several detectors' {@link #standing}. */
  public static double[] average(double[]... scores) {
    double[] mean = new double[scores[0].length];
    for (double[] one : scores) {
      double[] standing = standing(one);
      for (int i = 0; i < mean.length; i++) {
        mean[i] += standing[i] / scores.length;
      }
    }
    return mean;
  }

  /** Scores that put N samples in a random order. */
  public static double[] random(int samples, long seed) {
    long[] places = LongStream.range(0, samples).toArray();
    Xoshiro.of(seed, "random-detector").shuffle(places, 0, samples);
    return Arrays.stream(places).asDoubleStream().toArray();
  }
}
