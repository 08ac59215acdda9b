package io.vicinal.statistics;

import java.util.Arrays;
import org.apache.commons.statistics.inference.PValueMethod;
import org.apache.commons.statistics.inference.TTest;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;

/**
 * Tests of paired differences d_i = a_i - b_i against 0. Stateless, safe for any thread.
 *
 * <p>Errors: {@link io.vicinal.InputException} if there are too few differences or one is not
 * finite.
 */
public final class PairedTest {
  /** Up to this many differences Wilcoxon's p-value is exact; above, the normal approximation. */
  public static final int EXACT_LIMIT = 200;

  private PairedTest() {}

  /** The differences a_i - b_i. */
  public static double[] differences(double[] a, double[] b) {
    Checks.pairs("paired differences", a, b, 1);
    double[] differences = new double[a.length];
    Arrays.setAll(differences, i -> a[i] - b[i]);
    return differences;
  }

  /**
   * Paired t-test: t = mean(d) / (sd(d) / sqrt(n)) with n - 1 degrees of freedom; at least two
   * differences. If all are the same number, t is infinite with its sign (p-value 0 or 1), or NaN
   * if that number is 0.
   */
  public static TestResult t(double[] differences, Alternative alternative) {
    Checks.values("t-test", differences, 2);
    double first = differences[0];
    if (Arrays.stream(differences).allMatch(d -> d == first)) {
      return constant(first, differences.length, alternative);
    }
    TTest.Result result = TTest.withDefaults().with(alternative.hypothesis()).test(differences);
    return new TestResult(result.getStatistic(), result.getPValue(), differences.length, 0, true);
  }

  private static TestResult constant(double value, int count, Alternative alternative) {
    if (value == 0) {
      return new TestResult(Double.NaN, Double.NaN, count, 0, true);
    }
    boolean against = alternative == (value > 0 ? Alternative.LESS : Alternative.GREATER);
    return new TestResult(value * Double.POSITIVE_INFINITY, against ? 1 : 0, count, 0, true);
  }

  /**
   * Wilcoxon's signed-rank test. Differences of exactly 0 are left out (Wilcoxon 1945) and counted;
   * equal absolute differences share the mean of their ranks. Up to {@link #EXACT_LIMIT}
   * differences the p-value is exact, ties included: the share of the 2^n sign patterns of these
   * very ranks that are at least as extreme (two-sided: twice the smaller tail, at most 1). Above,
   * the normal approximation with tie and continuity correction. All differences 0: p-value 1.
   */
  public static TestResult wilcoxon(double[] differences, Alternative alternative) {
    Checks.values("Wilcoxon test", differences, 1);
    double[] used = Arrays.stream(differences).filter(d -> d != 0).toArray();
    int zeros = differences.length - used.length;
    if (used.length == 0) {
      return new TestResult(0, 1, 0, zeros, true);
    }
    if (used.length <= EXACT_LIMIT) {
      SignedRanks ranks = SignedRanks.of(used);
      return new TestResult(ranks.positive(), ranks.pValue(alternative), used.length, zeros, true);
    }
    WilcoxonSignedRankTest.Result result =
        WilcoxonSignedRankTest.withDefaults()
            .with(alternative.hypothesis())
            .with(PValueMethod.ASYMPTOTIC)
            .test(used);
    return new TestResult(result.getStatistic(), result.getPValue(), used.length, zeros, false);
  }
}
