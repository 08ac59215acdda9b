package io.vicinal.statistics;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Correlations, agreement, effect sizes, bootstrap. Goldens from SciPy 1.17 or by hand. */
class StatisticsTest {
  private static final double[] A = {3, 1, 4, 1, 5, 9, 2, 6};
  private static final double[] B = {2, 7, 1, 8, 2, 8, 1, 8};

  @Test
  void correlations() {
    assertThat(Correlation.pearson(A, B)).isCloseTo(0.2096553190730121, within(1e-14));
    assertThat(Correlation.spearman(A, B)).isCloseTo(0.19885368120992467, within(1e-14));
    assertThat(Correlation.ranks(A)).containsExactly(4, 1.5, 5, 1.5, 6, 8, 3, 7);
    double[] monotone = Arrays.stream(A).map(Math::exp).toArray();
    assertThat(Correlation.spearman(A, monotone)).isCloseTo(1, within(1e-15));
    assertThat(Correlation.pearson(A, new double[8])).isNaN();
  }

  @Test
  void orderIsRightAndSizeIsNot() {
    double[] actual = {1, -2, 3, -4};
    double[] quarter = {0.25, -0.5, 0.75, -1};
    Agreement agreement = Agreement.of(quarter, actual);
    assertThat(agreement.spearman()).isCloseTo(1, within(1e-15));
    assertThat(agreement.pearson()).isCloseTo(1, within(1e-15));
    assertThat(agreement.sizeError()).isCloseTo(0.75, within(1e-15));
    assertThat(agreement.slope()).isCloseTo(0.25, within(1e-15));
    assertThat(agreement.sign()).isEqualTo(1);
  }

  @Test
  void signsAndNothing() {
    Agreement half = Agreement.of(new double[] {1, 1, 5}, new double[] {2, -2, 0});
    assertThat(half.sign()).isEqualTo(0.5);
    assertThat(half.slope()).isZero();
    assertThat(half.sizeError()).isEqualTo((1 + 3 + 5) / 4.0);
    Agreement none = Agreement.of(new double[] {1, 2}, new double[2]);
    assertThat(none.sizeError()).isNaN();
    assertThat(none.slope()).isNaN();
    assertThat(none.sign()).isNaN();
  }

  @Test
  void effectSizes() {
    double[] d = {0.12, -0.05, 0.31, 0.08, 0.22, -0.11, 0.17, 0.04, 0.29, 0.02};
    assertThat(EffectSize.cohen(d)).isCloseTo(0.7792564504669168, within(1e-14));
    assertThat(EffectSize.rankBiserial(d)).isCloseTo((47 - 8) / 55.0, within(1e-14));
    assertThat(EffectSize.rankBiserial(new double[] {0, 2, 3})).isEqualTo(1);
    assertThat(EffectSize.rankBiserial(new double[2])).isNaN();
    assertThat(EffectSize.cohen(new double[] {-1, -1})).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void bootstrapOfAMeanIsAboutTheNormalInterval() {
    Xoshiro random = new Xoshiro(7);
    double[] values = new double[400];
    Arrays.setAll(values, i -> 3 + random.nextGaussian());
    Interval interval = Bootstrap.defaults().mean(values);
    double mean = Arrays.stream(values).average().orElseThrow();
    assertThat(interval.estimate()).isCloseTo(mean, within(1e-12));
    assertThat(interval.low()).isCloseTo(mean - 1.96 / 20, within(0.012));
    assertThat(interval.high()).isCloseTo(mean + 1.96 / 20, within(0.012));
    assertThat(Bootstrap.defaults().mean(values)).isEqualTo(interval);
    assertThat(new Bootstrap(10_000, 0.95, 1).mean(values)).isNotEqualTo(interval);
    Interval narrow = new Bootstrap(10_000, 0.5, 0).mean(values);
    assertThat(narrow.high() - narrow.low()).isLessThan(0.5 * (interval.high() - interval.low()));
  }

  @Test
  void bootstrapOfACorrelationLeavesConstantResamplesOut() {
    double[] a = {1, 2, 3};
    double[] b = {1, 2, 4};
    Interval interval =
        new Bootstrap(1000, 0.9, 0)
            .of(
                3,
                ids ->
                    Correlation.pearson(
                        Arrays.stream(ids).mapToDouble(i -> a[i]).toArray(),
                        Arrays.stream(ids).mapToDouble(i -> b[i]).toArray()));
    assertThat(interval.low()).isGreaterThan(0.9);
    assertThat(interval.high()).isCloseTo(1, within(1e-12));
  }

  @Test
  void quantilesAreNumPys() {
    double[] sorted = {1, 2, 4, 8};
    assertThat(Bootstrap.quantile(sorted, 0)).isEqualTo(1);
    assertThat(Bootstrap.quantile(sorted, 0.5)).isEqualTo(3);
    assertThat(Bootstrap.quantile(sorted, 0.9)).isCloseTo(6.8, within(1e-12));
    assertThat(Bootstrap.quantile(sorted, 1)).isEqualTo(8);
  }

  @Test
  void comparisonPutsThemTogether() {
    PairedComparison row = PairedComparison.of(A, B, Alternative.LESS, Bootstrap.defaults());
    double[] d = PairedTest.differences(A, B);
    assertThat(row.mean().estimate()).isEqualTo(-0.75);
    assertThat(row.mean().low()).isLessThan(-0.75);
    assertThat(row.t()).isEqualTo(PairedTest.t(d, Alternative.LESS));
    assertThat(row.wilcoxon()).isEqualTo(PairedTest.wilcoxon(d, Alternative.LESS));
    assertThat(row.cohen()).isEqualTo(EffectSize.cohen(d));
    assertThat(row.rankBiserial()).isNegative();
  }

  @Test
  void badInput() {
    refused(() -> new Bootstrap(10, 0.95, 0), "at least 100 resamples");
    refused(() -> Correlation.pearson(new double[3], new double[4]), "3 values are paired with 4");
    refused(() -> Agreement.of(new double[1], new double[1]));
  }
}
