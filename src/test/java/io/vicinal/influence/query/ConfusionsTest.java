package io.vicinal.influence.query;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Rules on scripted tables, and the search against all distances in doubles. */
class ConfusionsTest {
  @AutoClose private static final Backend backend = Backend.cpu();

  /**
   * Rows of class 0 whose neighbours have the given classes; one row of each class 1..20 follows,
   * each with a right neighbour of its own class further down.
   */
  private static Confusions wrongTo(long... classes) {
    int n = classes.length;
    long[] labels = new long[n + 40];
    long[] neighbours = new long[n + 40];
    for (int c = 1; c <= 20; c++) {
      labels[n + c - 1] = c;
      labels[n + 20 + c - 1] = c;
      neighbours[n + c - 1] = n + 20 + c - 1;
      neighbours[n + 20 + c - 1] = n + c - 1;
    }
    for (int i = 0; i < n; i++) {
      neighbours[i] = n + classes[i] - 1;
    }
    return new Confusions(Neighbouring.COSINE, labels, neighbours, new double[n + 40]);
  }

  @Test
  void theShortestPrefixAboveOneHalf() {
    // 3 of 6 is one half, not more: the next class is needed
    assertThat(wrongTo(7, 7, 7, 2, 2, 9).confusionClasses(0)).containsExactly(7L, 2L);
    assertThat(wrongTo(7, 7, 7, 7, 2, 9).confusionClasses(0)).containsExactly(7L);
    assertThat(wrongTo(5, 5).confusionClasses(0)).containsExactly(5L);
  }

  @Test
  void equalSharesGoToTheLowerClass() {
    assertThat(wrongTo(9, 3, 9, 3, 4, 4).confusionClasses(0)).containsExactly(3L, 4L);
  }

  @Test
  void allTenIfTenNeverExceedOneHalf() {
    long[] spread = new long[20];
    for (int i = 0; i < 20; i++) {
      spread[i] = 20 - i;
    }
    Confusions confusions = wrongTo(spread); // ten of twenty single ones: exactly one half
    assertThat(confusions.confusionClasses(0))
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
    assertThat(confusions.group(0).pairs()).hasSize(10);
  }

  @Test
  void aGroupHoldsOnlyItsConfusionClasses() {
    Confusions confusions = wrongTo(7, 2, 7, 7, 9);
    Group group = confusions.group(0);
    assertThat(group.confusionClasses()).containsExactly(7L);
    assertThat(group.pairs()).containsExactly(new Pair(0, 11), new Pair(2, 11), new Pair(3, 11));
    assertThat(confusions.group(3).pairs()).isEmpty();
  }

  @Test
  void worstClassesByCountThenLowerClass() {
    long[] labels = {5, 5, 2, 2, 3, 1, 1, 3};
    long[] neighbours = {2, 2, 0, 0, 0, 6, 5, 4};
    Confusions confusions = new Confusions(Neighbouring.RAW, labels, neighbours, new double[8]);
    assertThat(confusions.worstClasses(10)).containsExactly(2L, 5L, 3L);
    assertThat(confusions.worstClasses(2)).containsExactly(2L, 5L);
    assertThat(confusions.wrong()).containsExactly(0, 1, 2, 3, 4);
    assertThat(confusions.pairs()).startsWith(new Pair(0, 2), new Pair(1, 2));
    assertThat(confusions.recall()).isEqualTo(0.375);
    assertThat(confusions.groups(2)).extracting(Group::label).containsExactly(2L, 5L);
  }

  @Test
  void aLoneRowIsNeitherRightNorWrong() {
    long[] labels = {5, 5, 7, 5, 9};
    Confusions same =
        new Confusions(
            Neighbouring.COSINE, labels, new long[] {1, 2, 0, 1, 0}, new double[labels.length]);
    assertThat(same.lone()).isEqualTo(2);
    assertThat(same.wrong()).containsExactly(1);
    assertThat(same.wrongCounts()).containsOnlyKeys(5L);
    assertThat(same.groups(9)).extracting(Group::label).containsExactly(5L);
    assertThat(same.recall()).isEqualTo(2 / 3.0, offset(1e-15));
    // Rows 0..2 ask rows 3 and 4: one 5 is enough for another 5, and a 7 finds none.
    Confusions split =
        new Confusions(Neighbouring.COSINE, labels, new long[] {3, 4, 4}, new double[3]);
    assertThat(split.lone(2)).isTrue();
    assertThat(split.wrong()).containsExactly(1);
    assertThat(split.recall()).isEqualTo(0.5);
    Confusions none =
        new Confusions(Neighbouring.RAW, new long[] {1, 2}, new long[] {1, 0}, new double[2]);
    assertThat(none.wrong()).isEmpty();
    assertThat(none.recall()).isNaN();
  }

  /** The same embeddings give the same R@1 as the evaluation that 'evaluate' prints. */
  @Test
  void recallIsThatOfEvaluate() {
    Xoshiro random = new Xoshiro(8);
    double[] z = new double[40 * 3];
    long[] labels = new long[40];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < 40; i++) {
      labels[i] = i < 24 ? i % 3 : i; // the last 16 are lone
    }
    try (Arena arena = Arena.host()) {
      Tensor embeddings = arena.of(z, 40, 3);
      Tensor y = arena.of(labels, 40);
      Confusions found = Confusions.find(backend, embeddings, y, Neighbouring.COSINE);
      Tensor single = arena.allocate(DType.F32, 40, 3);
      single.copyFrom(embeddings);
      Evaluation evaluation =
          new Evaluator(backend)
              .evaluate(single, y, EvaluationOptions.of("r@1").withNormalize(true));
      assertThat(found.recall()).isEqualTo(evaluation.value("r@1"), offset(1e-12));
      assertThat((long) found.lone()).isEqualTo(evaluation.counts().lone()).isEqualTo(16);
    }
  }

  @Test
  void noWrongRowMeansEmptyLists() {
    Confusions confusions = wrongTo();
    assertThat(confusions.wrong()).isEmpty();
    assertThat(confusions.worstClasses(10)).isEmpty();
    assertThat(confusions.groups(10)).isEmpty();
    assertThat(confusions.recall()).isEqualTo(1);
  }

  private static double distance(double[] z, int i, int j, int d, boolean unit) {
    double ni = 0;
    double nj = 0;
    for (int k = 0; k < d; k++) {
      ni += z[i * d + k] * z[i * d + k];
      nj += z[j * d + k] * z[j * d + k];
    }
    double si = unit ? Math.sqrt(ni) : 1;
    double sj = unit ? Math.sqrt(nj) : 1;
    double sum = 0;
    for (int k = 0; k < d; k++) {
      double difference = z[i * d + k] / si - z[j * d + k] / sj;
      sum += difference * difference;
    }
    return sum;
  }

  @Test
  void neighboursAreThoseOfAllDistances() {
    int t = 60;
    int d = 3;
    int q = 25;
    Xoshiro random = new Xoshiro(4);
    double[] z = new double[t * d];
    long[] labels = new long[t];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < t; i++) {
      labels[i] = i % 4;
    }
    try (Arena arena = Arena.host()) {
      Tensor embeddings = arena.of(z, t, d);
      Tensor y = arena.of(labels, t);
      for (Neighbouring geometry : Neighbouring.values()) {
        boolean unit = geometry == Neighbouring.COSINE;
        Confusions same = Confusions.find(backend, embeddings, y, geometry);
        Confusions split = Confusions.find(backend, embeddings, y, q, geometry);
        assertThat(same.queries()).isEqualTo(t);
        assertThat(split.queries()).isEqualTo(q);
        for (int i = 0; i < t; i++) {
          assertThat(same.neighbour(i)).isEqualTo(nearest(z, i, 0, t, d, unit));
          assertThat(same.distance(i))
              .isCloseTo(distance(z, i, (int) same.neighbour(i), d, unit), offset(1e-5));
          if (i < q) {
            assertThat(split.neighbour(i)).isEqualTo(nearest(z, i, q, t, d, unit));
          }
        }
      }
      assertThat(Confusions.find(backend, embeddings, y, Neighbouring.RAW).pairs())
          .isNotEqualTo(Confusions.find(backend, embeddings, y, Neighbouring.COSINE).pairs());
    }
  }

  private static long nearest(double[] z, int i, int from, int to, int d, boolean unit) {
    int best = -1;
    for (int j = from; j < to; j++) {
      if (j != i && (best < 0 || distance(z, i, j, d, unit) < distance(z, i, best, d, unit))) {
        best = j;
      }
    }
    return best;
  }

  @Test
  void duplicatesTieAndGoToTheLowerId() {
    try (Arena arena = Arena.host()) {
      Tensor z = arena.of(new float[] {1, 0, 1, 0, 1, 0, 0, 1, 0, 0}, 5, 2);
      Tensor y = arena.of(new long[] {0, 1, 0, 1, 0}, 5);
      Confusions confusions = Confusions.find(backend, z, y, Neighbouring.COSINE);
      assertThat(confusions.neighbour(0)).isEqualTo(1);
      assertThat(confusions.neighbour(1)).isEqualTo(0);
      assertThat(confusions.neighbour(2)).isEqualTo(0);
      assertThat(confusions.distance(2)).isEqualTo(0);
      assertThat(confusions.wrong()).containsExactly(0, 1, 3);
    }
  }

  @Test
  void oneClassIsNeverWrong() {
    try (Arena arena = Arena.host()) {
      Tensor z = arena.of(new float[] {1, 0, 0, 1, 1, 1}, 3, 2);
      Confusions confusions =
          Confusions.find(backend, z, arena.of(new long[] {4, 4, 4}, 3), Neighbouring.RAW);
      assertThat(confusions.pairs()).isEmpty();
      assertThat(confusions.confusionClasses(4)).isEmpty();
    }
  }

  @Test
  void badInput() {
    try (Arena arena = Arena.host()) {
      Tensor y = arena.of(new long[] {0, 1}, 2);
      refused(
          () ->
              Confusions.find(
                  backend, arena.of(new float[] {1, 0, Float.NaN, 1}, 2, 2), y, Neighbouring.RAW),
          "row 1");
      Tensor one = arena.of(new float[] {1, 0}, 1, 2);
      refused(() -> Confusions.find(backend, one, y, Neighbouring.RAW), "test labels");
      refused(
          () -> Confusions.find(backend, one, arena.of(new long[] {0}, 1), Neighbouring.RAW),
          "no neighbour");
      refused(() -> Neighbouring.parse("manhattan"), "cosine or raw");
      assertThat(List.of(Neighbouring.parse("raw"), Neighbouring.parse("cosine")))
          .containsExactly(Neighbouring.RAW, Neighbouring.COSINE);
    }
  }
}
