package io.vicinal.influence.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The parts of out-of-fold predictions against what they are defined as. */
class PredictionTest {
  private static final Backend BACKEND = Backend.cpu();

  @AfterAll
  static void free() {
    BACKEND.close();
  }

  @Test
  void aCholeskyFactorSolvesItsSystem() {
    int n = 230; // three blocks, the last one shorter
    int m = 3;
    Xoshiro generator = new Xoshiro(2);
    double[] root = LongStream.range(0, n * n).mapToDouble(i -> generator.nextGaussian()).toArray();
    double[] a = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          a[i * n + j] += root[i * n + k] * root[j * n + k];
        }
      }
      a[i * n + i] += 1;
    }
    double[] x = LongStream.range(0, n * m).mapToDouble(i -> generator.nextGaussian()).toArray();
    double[] b = new double[n * m];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        for (int c = 0; c < m; c++) {
          b[i * m + c] += a[i * n + k] * x[k * m + c];
        }
      }
    }
    new Cholesky(BACKEND, a, n).solve(b, m);
    for (int i = 0; i < b.length; i++) {
      assertThat(b[i]).isCloseTo(x[i], within(1e-8));
    }
    assertThatThrownBy(() -> new Cholesky(BACKEND, new double[] {1, 0, 2, 1}, 2))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("row 1");
  }

  @Test
  void foldsAreEvenInSizeAndInClasses() {
    long[] labels = LongStream.range(0, 103).map(i -> i < 90 ? 0 : 1).toArray();
    Folds folds = Folds.stratified(labels, 5, 1);
    for (int f = 0; f < 5; f++) {
      long[] held = folds.held(f);
      assertThat(held.length).isBetween(20, 21);
      assertThat(Arrays.stream(held).filter(i -> labels[(int) i] == 1).count()).isBetween(2L, 3L);
      assertThat(held.length + folds.others(f).length).isEqualTo(103);
    }
    assertThat(folds.of()).isEqualTo(Folds.stratified(labels, 5, 1).of());
    assertThat(folds.of()).isNotEqualTo(Folds.stratified(labels, 5, 2).of());
    assertThatThrownBy(() -> Folds.stratified(labels, 1, 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("folds: must be 2..103");
  }

  /** A fold's scores do not follow its labels: change them, and the scores stay. */
  @Test
  void heldOutLabelsAreNotLookedAt() {
    int n = 120;
    Xoshiro generator = new Xoshiro(4);
    float[] values = new float[n * 5];
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
      for (int j = 0; j < 5; j++) {
        values[i * 5 + j] = (float) (generator.nextGaussian() + (j == labels[i] ? 3 : 0));
      }
    }
    Folds folds = Folds.stratified(labels, 4, 0);
    long[] others = labels.clone();
    for (long id : folds.held(0)) {
      others[(int) id] = (others[(int) id] + 1) % 3;
    }
    try (Arena arena = Arena.host()) {
      Tensor x = arena.of(values, n, 5);
      double[][] a = new FourierRidge(BACKEND, x, 64, 7).scores(labels, 3, folds);
      double[][] b = new FourierRidge(BACKEND, x, 64, 7).scores(others, 3, folds);
      int right = 0;
      for (long id : folds.held(0)) {
        for (int c = 0; c < 3; c++) {
          assertThat(b[(int) id][c]).isCloseTo(a[(int) id][c], within(1e-4));
        }
        right += Calibration.best(a[(int) id]) == labels[(int) id] ? 1 : 0;
      }
      assertThat(right).isGreaterThan(24); // of 30
      assertThat(b[(int) folds.held(1)[0]]).isNotEqualTo(a[(int) folds.held(1)[0]]);
    }
  }

  /** Labels drawn from a known temperature, a known share of them wrong. */
  @Test
  void temperatureAndNoiseRateAreFound() {
    int n = 20_000;
    int classes = 5;
    Xoshiro generator = new Xoshiro(6);
    double[][] scores = new double[n][classes];
    long[] labels = new long[n];
    Calibration truth = new Calibration(new double[] {4}, 0, 0);
    for (int i = 0; i < n; i++) {
      Arrays.setAll(scores[i], c -> generator.nextGaussian());
      double u = generator.nextDouble();
      double[] p = truth.probabilities(scores[i]);
      while (labels[i] < classes - 1 && u >= p[(int) labels[i]]) {
        u -= p[(int) labels[i]++];
      }
      if (generator.nextDouble() < 0.15) {
        labels[i] = (labels[i] + 1 + generator.below(classes - 1)) % classes;
      }
    }
    Calibration found = Calibration.fit(labels, classes, scores);
    assertThat(found.scales()[0]).isCloseTo(4, within(0.2));
    assertThat(found.noiseRate()).isBetween(0.14, 0.19); // a little overlap is left
    double[] posterior = found.posterior(new double[] {0.9, 0.1, 0, 0, 0}, 1);
    double e = found.noiseRate();
    assertThat(posterior[0]).isCloseTo(0.9 * e / 4 / (0.9 * e / 4 + 0.1 * (1 - e)), within(1e-12));
  }

  @Test
  void votesFollowTheirFormula() {
    NeighbourList lists =
        new NeighbourList(1, 3, new long[] {2, 0, 1}, new double[] {100, 110, 120});
    double[] shares = Votes.shares(lists, new long[] {1, 0, 0}, 2)[0];
    double half = Math.exp(-2);
    double last = Math.exp(-4);
    assertThat(shares[1]).isCloseTo(half / (1 + half + last), within(1e-12));
    NeighbourList equal = new NeighbourList(1, 2, new long[] {0, 1}, new double[] {0, 0});
    assertThat(Votes.shares(equal, new long[] {1, 0}, 2)[0]).containsExactly(0.5, 0.5);
    assertThat(Votes.logarithms(new double[][] {{0, 1}}, 9)[0][0])
        .isCloseTo(Math.log(0.05), within(1e-12));
  }
}
