package io.vicinal.influence.verify;

import io.vicinal.statistics.Correlation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.stream.IntStream;

/**
 * Whether an explanation hangs on the damping: Spearman correlation of its scores with those at
 * lambda/10, lambda/3, 3 lambda and 10 lambda, over the samples that have a score at both.
 * Immutable; the array is not copied.
 *
 * @param spearman by {@link #FACTORS}; NaN where the system could not be solved, or fewer than two
 *     samples have a score
 */
public record Stability(double[] spearman) {
  /** What lambda is multiplied by, ascending. */
  public static final List<Double> FACTORS = List.of(0.1, 1.0 / 3, 3.0, 10.0);

  /** An explanation whose scores correlate at least so well at lambda/3 and 3 lambda is stable. */
  public static final double STABLE = 0.9;

  /**
   * Compares scores over the damping.
   *
   * @param scores at lambda, [Q][N]
   * @param scoresAt scores [Q][N] at a factor times lambda, or null if that cannot be solved
   * @return one per query
   */
  public static List<Stability> of(double[][] scores, DoubleFunction<double[][]> scoresAt) {
    double[][] correlation = new double[scores.length][FACTORS.size()];
    for (int f = 0; f < FACTORS.size(); f++) {
      double[][] other = scoresAt.apply(FACTORS.get(f));
      for (int q = 0; q < scores.length; q++) {
        correlation[q][f] = other == null ? Double.NaN : spearman(scores[q], other[q]);
      }
    }
    List<Stability> all = new ArrayList<>();
    Arrays.stream(correlation).forEach(row -> all.add(new Stability(row)));
    return all;
  }

  private static double spearman(double[] a, double[] b) {
    int[] known =
        IntStream.range(0, a.length)
            .filter(i -> !Double.isNaN(a[i]) && !Double.isNaN(b[i]))
            .toArray();
    return known.length < 2
        ? Double.NaN
        : Correlation.spearman(
            Arrays.stream(known).mapToDouble(i -> a[i]).toArray(),
            Arrays.stream(known).mapToDouble(i -> b[i]).toArray());
  }

  /**
   * As {@link #of}, but only at lambda/3 and 3 lambda, the two that {@link #isStable} looks at; the
   * others are NaN.
   */
  public static List<Stability> near(double[][] scores, DoubleFunction<double[][]> scoresAt) {
    return of(
        scores,
        factor ->
            factor == FACTORS.get(1) || factor == FACTORS.get(2) ? scoresAt.apply(factor) : null);
  }

  /** Whether both neighbours, lambda/3 and 3 lambda, correlate with at least {@link #STABLE}. */
  public boolean isStable() {
    return spearman[1] >= STABLE && spearman[2] >= STABLE;
  }
}
