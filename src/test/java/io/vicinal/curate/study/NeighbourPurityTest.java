package io.vicinal.curate.study;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.data.DigitRows;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class NeighbourPurityTest {
  private static final int K = NeighbourPurity.NEIGHBOURS;

  /** Mean share of right labels among the k nearest others, by sorting all distances. */
  private static double oracle(float[] x, int width, long[] labels, int k) {
    int n = labels.length;
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double[] distance = new double[n];
      for (int j = 0; j < n; j++) {
        for (int c = 0; c < width; c++) {
          double difference = (double) x[i * width + c] - x[j * width + c];
          distance[j] += difference * difference;
        }
      }
      int query = i;
      sum +=
          IntStream.range(0, n)
              .filter(j -> j != query)
              .boxed()
              .sorted(Comparator.<Integer>comparingDouble(j -> distance[j]))
              .limit(k)
              .filter(j -> labels[j] == labels[query])
              .count();
    }
    return sum / (n * (double) k);
  }

  @Test
  void cleanDigitsEqualTheNeighbourAccuracy() {
    DigitRows digits = DigitRows.first(600);
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu()) {
      Tensor x = arena.allocate(DType.F32, digits.samples(), 64);
      x.set(digits.pixels());
      long[] all = LongStream.range(0, digits.samples()).toArray();
      NeighbourPurity purity = NeighbourPurity.of(x, digits.labels(), all, K, backend);
      double expected = oracle(digits.pixels(), 64, digits.labels(), K);
      assertThat(expected).isBetween(0.9, 0.99);
      assertThat(purity.mean()).isEqualTo(expected, within(1e-12));
      long[] some = {17, 3, 599};
      assertThat(NeighbourPurity.of(x, digits.labels(), some, K, backend).perSample())
          .containsExactly(purity.perSample()[17], purity.perSample()[3], purity.perSample()[599]);
    }
  }

  @Test
  void onlyTheCleanLabelsCountAndTheSampleItselfDoesNot() {
    try (Arena arena = Arena.host();
        Backend backend = Backend.cpu()) {
      Tensor x = arena.allocate(DType.F32, 4, 1);
      x.set(new float[] {0, 0, 1, 5});
      NeighbourPurity purity =
          NeighbourPurity.of(x, new long[] {1, 1, 2, 2}, new long[] {0, 3}, 2, backend);
      assertThat(purity.perSample()).containsExactly(0.5, 0.5);
      assertThat(NeighbourPurity.of(x, new long[4], new long[0], 2, backend).mean()).isNaN();
      refused(() -> NeighbourPurity.of(x, new long[4], new long[] {4}, 2, backend), "sample 4");
    }
  }

  @Test
  void extremesAreTheStrongestOfTheirSign() {
    double[] scores = {0.5, -0.1, 0, 0.7, 0.5, -0.9, 3};
    Extremes two = Extremes.of(scores, new long[] {5, 4, 3, 2, 1, 0}, 2);
    assertThat(two.harmful()).containsExactly(3, 0);
    assertThat(two.helpful()).containsExactly(5, 1);
    assertThat(Arrays.stream(Extremes.of(scores, new long[] {2}, 9).harmful())).isEmpty();
  }
}
