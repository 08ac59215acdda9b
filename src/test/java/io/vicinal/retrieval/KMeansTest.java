package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.tensor.Arena;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** k-means depends neither on where the rows lie nor on their unit. */
class KMeansTest {
  private static final int N = 200;
  private static final int D = 6;
  private static final int K = 4;

  @AutoClose private final Arena arena = Arena.host();

  /** Four heaps around corners 10 apart. */
  private static double[][] heaps() {
    Random random = new Random(5);
    double[][] x = new double[N][D];
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < D; j++) {
        x[i][j] = random.nextGaussian() / 2 + (j == i % K ? 10 : 0);
      }
    }
    return x;
  }

  private long[] clusters(double[][] x, int k) {
    float[] values = new float[x.length * x[0].length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) x[i / x[0].length][i % x[0].length];
    }
    return KMeans.clusters(arena.of(values, x.length, x[0].length), k, 2);
  }

  private static double nmi(long[] clusters) {
    long[] classes = new long[clusters.length];
    Arrays.setAll(classes, i -> i % K);
    return new Partitions(classes, clusters).nmi();
  }

  private static double[][] each(double[][] x, DoubleUnaryOperator change) {
    return Arrays.stream(x)
        .map(row -> Arrays.stream(row).map(change).toArray())
        .toArray(double[][]::new);
  }

  @ParameterizedTest
  @CsvSource({
    "1e-43, 0", // some fifty different subnormal values
    "1e-30, 0",
    "1, 0",
    "1, 100000",
    "-1e19, 0",
    "2e37, 0", // a squared norm is 1e77
    "1e30, 1e34",
    "1e-3, -5",
  })
  void scaleAndOffsetDoNotMatter(double scale, double offset) {
    assertThat(nmi(clusters(each(heaps(), v -> scale * v + offset), K))).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"1", "1e6", "-1e30", "3e38", "1e-40"})
  void aConstantColumnDoesNotMatter(double value) {
    double[][] x = heaps();
    long[] alone = clusters(x, K);
    for (int i = 0; i < N; i++) {
      x[i] = Arrays.copyOf(x[i], D + 2);
      x[i][D] = value;
    }
    assertThat(clusters(x, K)).isEqualTo(alone);
  }

  /** One start of these twelve heaps ends with two of them in one cluster, and one in two. */
  @Test
  void ofSeveralStartsTheBestIsTaken() {
    Random random = new Random(7);
    int k = 12;
    double[][] x = new double[360][2];
    long[] classes = new long[x.length];
    for (int i = 0; i < x.length; i++) {
      classes[i] = i % k;
      x[i][0] = 10 * (i % k % 4) + random.nextGaussian() / 2;
      x[i][1] = 10 * (i % k / 4) + random.nextGaussian() / 2;
    }
    assertThat(new Partitions(classes, clusters(x, k)).nmi()).isGreaterThan(0.97);
    assertThat(KMeans.starts(10_000, 1000)).isEqualTo(10);
    assertThat(KMeans.starts(60_000, 11_000)).isEqualTo(1);
  }

  /** Two pairs of heaps, 1 apart where the pairs are 20,000 apart. */
  @Test
  void nearHeapsFarFromOthersAreToldApart() {
    Random random = new Random(3);
    double[][] x = new double[N][3];
    for (int i = 0; i < N; i++) {
      x[i][0] = i % 2 == 0 ? 1e4 : -1e4;
      x[i][1] = i % K < 2 ? 1 : 0;
      x[i][2] = random.nextGaussian() / 50;
    }
    // One start per heap: k-means itself may end elsewhere, the assignment may not.
    double best = 0;
    for (int first = 0; first < 20 && best < 1; first++) {
      double[][] y = Arrays.copyOfRange(x, 4 * first, N);
      best = Math.max(best, nmi(clusters(y, K)));
    }
    assertThat(best).isEqualTo(1);
  }

  @Test
  void anExtremeRowLeavesTheOthersTheirClusters() {
    double[][] x = heaps();
    Arrays.fill(x[N - 1], 3e38);
    long[] clusters = clusters(x, K + 1);
    long[] classes = new long[N - 1];
    Arrays.setAll(classes, i -> i % K);
    long[] others = Arrays.copyOf(clusters, N - 1);
    assertThat(others).doesNotContain(clusters[N - 1]);
    assertThat(new Partitions(classes, others).nmi()).isGreaterThan(0.8);
  }

  @Test
  void rowsAtBothEndsOfFloat32() {
    double[][] x = {{3e38, -3e38}, {-3e38, 3e38}, {3.1e38, -3e38}, {-3.1e38, 3e38}};
    long[] clusters = clusters(x, 2);
    assertThat(clusters[0]).isEqualTo(clusters[2]).isNotEqualTo(clusters[1]);
    assertThat(clusters[1]).isEqualTo(clusters[3]);
  }

  @Test
  void fewerDifferentRowsThanClusters() {
    assertThat(clusters(new double[50][3], 7)).containsOnly(0);
    double[][] two = new double[40][3];
    for (int i = 0; i < 40; i++) {
      Arrays.fill(two[i], i % 2 == 0 ? 1e30 : 1);
    }
    long[] clusters = clusters(two, 9);
    assertThat(clusters).containsOnly(clusters[0], clusters[1]);
    assertThat(clusters[0]).isNotEqualTo(clusters[1]);
  }

  @Test
  void asManyClustersAsRowsAndOne() {
    assertThat(clusters(heaps(), N)).doesNotHaveDuplicates();
    assertThat(clusters(heaps(), 1)).containsOnly(0);
    refused(() -> clusters(heaps(), N + 1), "k: k-means needs 1..200 clusters");
  }

  @ParameterizedTest
  @CsvSource({"NaN", "Infinity", "-Infinity", "1e39"})
  void rowsThatAreNotFiniteAreNamed(double value) {
    double[][] x = heaps();
    x[17][2] = value;
    refused(() -> clusters(x, K), "embeddings: row 17 is not finite");
  }
}
