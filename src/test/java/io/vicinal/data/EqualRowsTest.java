package io.vicinal.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Copies among rows, against a search by the numbers themselves. */
class EqualRowsTest {
  @Test
  void copiesAreCountedByValue() {
    float[] x = {0, 1, -0f, 1, 0, 1, 2, 3, 2, 3, 2, 3, 4, 5};
    long[] labels = {0, 1, 1, 2, 1, 2, 1}; // A, B, B of one row; A, B, A of another
    try (Arena arena = Arena.host()) {
      double[] wide = IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
      EqualRows single = EqualRows.of(arena.of(x, 7, 2), labels);
      EqualRows twice = EqualRows.of(arena.of(wide, 7, 2), labels);
      for (EqualRows rows : List.of(single, twice)) {
        assertThat(rows.distinct()).isEqualTo(3);
        assertThat(rows.copies()).isEqualTo(4);
        assertThat(rows.contradicting()).isEqualTo(3);
      }
      EqualRows.each(
          arena.of(new double[] {-0.0, 1, 5, 4}, 2, 2),
          (at, hash, zero) -> assertThat(single.contains(hash)).isEqualTo(at == 0));
      EqualRows.each(
          arena.of(new float[] {0, -0f, 0, 1e-45f}, 2, 2),
          (at, hash, zero) -> assertThat(zero).isEqualTo(at == 0));
    }
  }

  /** There is a free place, or a search would not end. */
  @Test
  void aRowThatIsNotThereIsNotFoundAmongAnyNumber() {
    for (int n = 1; n < 70; n++) {
      EqualRows rows = new EqualRows(n);
      for (int i = 1; i <= n; i++) {
        rows.add(0x9e3779b97f4a7c15L * i, 0);
      }
      assertThat(rows.contains(-1)).isFalse();
    }
  }

  @Test
  void aSearchByTheNumbersFindsTheSame() {
    int n = 3_000;
    Xoshiro generator = new Xoshiro(1);
    float[] x = new float[n * 3];
    long[] labels = new long[n];
    Map<List<Float>, Long> seen = new HashMap<>();
    int copies = 0;
    int contradicting = 0;
    for (int i = 0; i < n; i++) {
      labels[i] = generator.below(3);
      for (int j = 0; j < 3; j++) {
        x[i * 3 + j] = generator.below(12) - 6;
      }
      Long first = seen.putIfAbsent(List.of(x[i * 3], x[i * 3 + 1], x[i * 3 + 2]), labels[i]);
      copies += first == null ? 0 : 1;
      contradicting += first == null || first == labels[i] ? 0 : 1;
    }
    try (Arena arena = Arena.host()) {
      EqualRows rows = EqualRows.of(arena.of(x, n, 3), labels);
      assertThat(rows.distinct()).isEqualTo(seen.size());
      assertThat(rows.copies()).isEqualTo(copies);
      assertThat(rows.contradicting()).isEqualTo(contradicting);
      assertThat(contradicting).isBetween(1, copies - 1);
    }
  }
}
