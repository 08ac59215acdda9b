package io.vicinal.statistics;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Golden values: SciPy 1.17, ttest_1samp and wilcoxon(method="exact"), or full enumeration. */
class PairedTestTest {
  private static final double[] D = {0.12, -0.05, 0.31, 0.08, 0.22, -0.11, 0.17, 0.04, 0.29, 0.02};

  @ParameterizedTest
  @CsvSource({
    "TWO_SIDED, 0.03590886840227519, 0.048828125",
    "GREATER, 0.017954434201137594, 0.0244140625",
    "LESS, 0.9820455657988624, 0.9814453125"
  })
  void goldens(Alternative alternative, double t, double wilcoxon) {
    TestResult student = PairedTest.t(D, alternative);
    assertThat(student.statistic()).isCloseTo(2.4642252648536385, within(1e-12));
    assertThat(student.pValue()).isCloseTo(t, within(1e-12));
    TestResult ranks = PairedTest.wilcoxon(D, alternative);
    assertThat(ranks.statistic()).isEqualTo(47);
    assertThat(ranks.pValue()).isCloseTo(wilcoxon, within(1e-15));
    assertThat(ranks.exact()).isTrue();
  }

  /** The group row of the published table: all ten differences positive. */
  @Test
  void tenPositiveDifferences() {
    double[] ten = IntStream.rangeClosed(1, 10).mapToDouble(i -> 0.1 * i).toArray();
    assertThat(PairedTest.wilcoxon(ten, Alternative.GREATER).pValue()).isEqualTo(0x1p-10);
    assertThat(PairedTest.wilcoxon(ten, Alternative.TWO_SIDED).pValue()).isEqualTo(0x1p-9);
    assertThat(PairedTest.wilcoxon(ten, Alternative.LESS).pValue()).isEqualTo(1);
    double[] tied = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    assertThat(PairedTest.wilcoxon(tied, Alternative.GREATER).pValue()).isEqualTo(0x1p-10);
  }

  @Test
  void tiesAndZeros() {
    double[] d = {1, 1, -1, 2, 2, -3, 0, 4, 0};
    TestResult greater = PairedTest.wilcoxon(d, Alternative.GREATER);
    assertThat(greater.statistic()).isEqualTo(20);
    assertThat(greater.count()).isEqualTo(7);
    assertThat(greater.zeros()).isEqualTo(2);
    assertThat(greater.pValue()).isCloseTo(0.1640625, within(1e-15));
    assertThat(PairedTest.wilcoxon(d, Alternative.LESS).pValue())
        .isCloseTo(0.859375, within(1e-15));
    assertThat(PairedTest.wilcoxon(new double[4], Alternative.GREATER).pValue()).isEqualTo(1);
  }

  /** Exact against all 2^n sign patterns, with random ties. */
  @Test
  void everySignPattern() {
    Xoshiro random = new Xoshiro(3);
    for (int trial = 0; trial < 20; trial++) {
      double[] d = new double[9];
      Arrays.setAll(d, i -> (1 + random.below(5)) * (random.below(2) == 0 ? -1 : 1));
      double[] ranks = Correlation.ranks(Arrays.stream(d).map(Math::abs).toArray());
      double observed =
          IntStream.range(0, 9).filter(i -> d[i] > 0).mapToDouble(i -> ranks[i]).sum();
      int above = 0;
      for (int pattern = 0; pattern < 512; pattern++) {
        int signs = pattern;
        double sum =
            IntStream.range(0, 9)
                .filter(i -> (signs >> i & 1) == 1)
                .mapToDouble(i -> ranks[i])
                .sum();
        above += sum >= observed ? 1 : 0;
      }
      assertThat(PairedTest.wilcoxon(d, Alternative.GREATER).pValue())
          .isCloseTo(above / 512.0, within(1e-14));
    }
  }

  @Test
  void manyDifferencesAreApproximated() {
    double[] d = new double[250];
    Arrays.setAll(d, i -> ((i + 1) % 3 == 0 ? -1 : 1) * ((i + 1) * 37 % 101 + 1.0));
    TestResult result = PairedTest.wilcoxon(d, Alternative.GREATER);
    assertThat(result.exact()).isFalse();
    assertThat(result.statistic()).isEqualTo(20948.5);
    assertThat(result.pValue()).isCloseTo(2.1499009429610052e-06, within(1e-12));
    assertThat(PairedTest.wilcoxon(d, Alternative.TWO_SIDED).pValue())
        .isCloseTo(4.2998018859220105e-06, within(1e-12));
    double[] fewer = Arrays.copyOf(d, PairedTest.EXACT_LIMIT);
    assertThat(PairedTest.wilcoxon(fewer, Alternative.GREATER).exact()).isTrue();
  }

  @Test
  void constantDifferences() {
    TestResult up = PairedTest.t(new double[] {2, 2, 2}, Alternative.GREATER);
    assertThat(up.statistic()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(up.pValue()).isZero();
    assertThat(PairedTest.t(new double[] {2, 2, 2}, Alternative.LESS).pValue()).isEqualTo(1);
    assertThat(PairedTest.t(new double[3], Alternative.TWO_SIDED).pValue()).isNaN();
  }

  @Test
  void badInput() {
    refused(() -> PairedTest.t(new double[] {1}, Alternative.GREATER))
        .hasMessage("t-test: needs at least 2 values, got 1; give more");
    refused(
        () -> PairedTest.wilcoxon(new double[] {1, Double.NaN}, Alternative.GREATER),
        "value 1 is NaN");
    refused(
        () -> PairedTest.differences(new double[2], new double[3]), "2 values are paired with 3");
  }
}
