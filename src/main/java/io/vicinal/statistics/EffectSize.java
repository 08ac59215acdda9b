package io.vicinal.statistics;

import java.util.Arrays;

/**
 * How large a paired difference is, whatever the number of pairs. Stateless, safe for any thread.
 *
 * <p>Errors: {@link io.vicinal.InputException} if there are too few differences or one is not
 * finite.
 */
public final class EffectSize {
  private EffectSize() {}

  /**
   * Cohen's d_z = mean(d) / sd(d), sd with n - 1 (Cohen 1988; Lakens 2013); at least two
   * differences. Infinite if all are the same number other than 0, NaN if all are 0.
   */
  public static double cohen(double[] differences) {
    Checks.values("effect size", differences, 2);
    double first = differences[0];
    if (Arrays.stream(differences).allMatch(d -> d == first)) {
      return first == 0 ? Double.NaN : first * Double.POSITIVE_INFINITY;
    }
    double mean = Checks.mean(differences);
    double squares = Arrays.stream(differences).map(d -> (d - mean) * (d - mean)).sum();
    return mean / Math.sqrt(squares / (differences.length - 1));
  }

  /**
   * Matched-pairs rank-biserial correlation (Kerby 2014): (W+ - W-) / (W+ + W-) of Wilcoxon's rank
   * sums, in -1..1; zero differences are left out as there. NaN if all are 0.
   */
  public static double rankBiserial(double[] differences) {
    Checks.values("effect size", differences, 1);
    double[] used = Arrays.stream(differences).filter(d -> d != 0).toArray();
    return used.length == 0 ? Double.NaN : SignedRanks.of(used).biserial();
  }
}
