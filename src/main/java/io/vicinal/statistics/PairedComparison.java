package io.vicinal.statistics;

/**
 * One row of a before/after or method-against-method table: all that is said about paired
 * differences. Immutable.
 *
 * @param mean of the differences, with its bootstrap interval
 * @param t paired t-test
 * @param wilcoxon Wilcoxon's signed-rank test
 * @param cohen Cohen's d_z
 * @param rankBiserial matched-pairs rank-biserial correlation
 */
public record PairedComparison(
    Interval mean, TestResult t, TestResult wilcoxon, double cohen, double rankBiserial) {

  /**
   * Compares paired values.
   *
   * @param a such as distances after
   * @param b such as distances before; differences are a - b
   * @throws io.vicinal.InputException if lengths differ, there are fewer than two pairs, or a value
   *     is not finite
   */
  public static PairedComparison of(
      double[] a, double[] b, Alternative alternative, Bootstrap bootstrap) {
    double[] differences = PairedTest.differences(a, b);
    return new PairedComparison(
        bootstrap.mean(differences),
        PairedTest.t(differences, alternative),
        PairedTest.wilcoxon(differences, alternative),
        EffectSize.cohen(differences),
        EffectSize.rankBiserial(differences));
  }
}
