package io.vicinal.statistics;

import org.apache.commons.statistics.ranking.NaNStrategy;
import org.apache.commons.statistics.ranking.NaturalRanking;
import org.apache.commons.statistics.ranking.TiesStrategy;

/**
 * Correlation coefficients. Both are NaN where a sample is constant: there is nothing to correlate.
 * Stateless, safe for any thread.
 *
 * <p>Errors: {@link io.vicinal.InputException} if lengths differ, there are fewer than two pairs,
 * or a value is not finite.
 */
public final class Correlation {
  private Correlation() {}

  /** Pearson's r = cov(a, b) / (sd(a) sd(b)), in -1..1. */
  public static double pearson(double[] a, double[] b) {
    Checks.pairs("correlation", a, b, 2);
    double meanA = Checks.mean(a);
    double meanB = Checks.mean(b);
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      double da = a[i] - meanA;
      double db = b[i] - meanB;
      ab += da * db;
      aa += da * da;
      bb += db * db;
    }
    double scale = Math.sqrt(aa) * Math.sqrt(bb);
    return scale == 0 ? Double.NaN : Math.max(-1, Math.min(1, ab / scale));
  }

  /** Spearman's rho: Pearson's r of the {@link #ranks}. */
  public static double spearman(double[] a, double[] b) {
    Checks.pairs("correlation", a, b, 2);
    return pearson(ranks(a), ranks(b));
  }

  /** Ranks from 1, ascending; equal values share the mean of their ranks. */
  public static double[] ranks(double[] values) {
    Checks.values("ranks", values, 1);
    return new NaturalRanking(NaNStrategy.FAILED, TiesStrategy.AVERAGE).apply(values);
  }
}
