package io.vicinal.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Against scikit-learn 1.9.1: normalized_mutual_info_score with average_method "arithmetic" and
 * "geometric", adjusted_mutual_info_score, and expected_mutual_information of contingency_matrix;
 * F1 = 2 sum C(n_ij, 2) / (sum C(a_i, 2) + sum C(b_j, 2)) of the same matrix.
 */
class PartitionsTest {
  @Test
  void twelvePoints() {
    check(
        new long[] {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2},
        new long[] {0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 0},
        0.547501180218483,
        0.547775911516831,
        0.420690576941394,
        0.536585365853659,
        0.228636323112378);
  }

  @Test
  void twentyFourPoints() {
    check(
        labels(24, i -> i % 4),
        labels(24, i -> i < 16 ? i % 4 : (i + 1) % 4),
        0.540852082972755,
        0.540852082972755,
        0.443012657855133,
        0.466666666666667,
        0.243514049733098);
  }

  @Test
  void fiveThousandPointsWorseThanChance() {
    check(
        labels(5000, i -> ((long) i * i + 3L * i) % 37),
        labels(5000, i -> ((long) i * i + i % 5) % 53),
        0.013066791366161,
        0.013185093592041,
        -0.014217724851291,
        0.028871594916778,
        0.091184948430804);
  }

  @Test
  void manySmallClasses() {
    check(
        labels(3000, i -> i / 3),
        labels(3000, i -> i * 7919L % 1000),
        0.840959581760112,
        0.840959581760112,
        -0.000842170528855,
        0,
        5.810067430669755);
  }

  /** 10^6 sum_k k/3000 ln(3000 k / 9) C(3, k) C(2997, 3 - k) / C(3000, 3) in rationals. */
  @Test
  void expectationIsExact() {
    Partitions partitions =
        new Partitions(labels(3000, i -> i / 3), labels(3000, i -> i * 7919L % 1000));
    assertThat(partitions.expectedMutualInformation()).isCloseTo(5.810067430729582, offset(1e-11));
  }

  @Test
  void namesDoNotMatter() {
    long big = Long.MAX_VALUE;
    check(
        new long[] {big, big, Long.MIN_VALUE, Long.MIN_VALUE, 3},
        new long[] {7, 7, 8, 8, 9},
        1,
        1,
        1,
        1,
        0.611305972427779);
  }

  @Test
  void independentPartitions() {
    check(new long[] {0, 0, 1, 1}, new long[] {0, 1, 0, 1}, 0, 0, -0.5, 0, 0.231049060186648);
  }

  @Test
  void singlePartsAreScikitLearnsLimits() {
    Partitions both = new Partitions(new long[] {5, 5}, new long[] {1, 1});
    assertThat(new double[] {both.nmi(), both.nmiGeometric(), both.ami(), both.f1()})
        .containsExactly(1, 1, 1, 1);
    Partitions one = new Partitions(new long[] {5, 5}, new long[] {1, 2});
    assertThat(new double[] {one.nmi(), one.nmiGeometric(), one.ami(), one.f1()})
        .containsExactly(0, 0, 0, 0);
    Partitions alone = new Partitions(new long[] {5, 6}, new long[] {1, 2});
    assertThat(alone.f1()).isEqualTo(1);
  }

  private static void check(
      long[] a, long[] b, double nmi, double geometric, double ami, double f1, double expected) {
    Partitions partitions = new Partitions(a, b);
    assertThat(partitions.nmi()).as("nmi").isCloseTo(nmi, offset(1e-12));
    assertThat(partitions.nmiGeometric()).as("nmi/geometric").isCloseTo(geometric, offset(1e-12));
    // scikit-learn's E[I] cancels in log-gamma: 6e-11 from the exact value in manySmallClasses.
    assertThat(partitions.ami()).as("ami").isCloseTo(ami, offset(1e-10));
    assertThat(partitions.f1()).as("f1").isCloseTo(f1, offset(1e-14));
    assertThat(partitions.expectedMutualInformation())
        .as("E[I]")
        .isCloseTo(expected, offset(1e-10));
  }

  private static long[] labels(int n, IntToLongFunction label) {
    return IntStream.range(0, n).mapToLong(label).toArray();
  }
}
