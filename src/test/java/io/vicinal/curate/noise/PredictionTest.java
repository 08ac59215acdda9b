package io.vicinal.curate.noise;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The parts of out-of-fold predictions against what they are defined as. */
class PredictionTest {
  @AutoClose private static final Backend BACKEND = Backend.cpu();

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
    refused(() -> Folds.stratified(labels, 1, 0), "folds: must be 2..103");
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
        right += Classes.likeliest(a[(int) id]) == labels[(int) id] ? 1 : 0;
      }
      assertThat(right).isGreaterThan(24); // of 30
      assertThat(b[(int) folds.held(1)[0]]).isNotEqualTo(a[(int) folds.held(1)[0]]);
    }
  }

  /** Labels drawn from a known temperature, a known share of them wrong. */
  @Test
  void theTemperatureIsFoundBehindTheNoise() {
    for (int towards = 0; towards < 2; towards++) {
      Drawn drawn = new Drawn(6, towards);
      Calibration found = Calibration.fit(drawn.labels, Drawn.CLASSES, drawn.scores);
      ClassNoise noise = ClassNoise.fit(drawn.labels, drawn.probabilities());
      Calibration far = new Calibration(new double[] {1}, 0);
      Calibration behind = far.behind(noise, drawn.labels, drawn.scores);
      assertThat(behind.scales()[0]).isCloseTo(Drawn.SCALE, within(0.45));
      assertThat(found.scales()[0]).isCloseTo(Drawn.SCALE, within(0.2));
    }
  }

  @Test
  void cleanLabelsTellTheTemperatureToo() {
    Drawn drawn = new Drawn(6, 0);
    Calibration found = Calibration.fit(drawn.right, Drawn.CLASSES, drawn.scores);
    assertThat(found.scales()[0]).isCloseTo(Drawn.SCALE, within(0.2));
  }

  @Test
  void scoresThatTellNothingDoubtNoLabel() {
    Xoshiro generator = new Xoshiro(5);
    for (int classes : new int[] {2, 10}) {
      int n = 4_000;
      double[][] scores = new double[n][classes];
      long[] labels = LongStream.range(0, n).map(i -> i % classes).toArray();
      for (double[] row : scores) {
        Arrays.setAll(row, c -> 0.1 * generator.nextGaussian());
      }
      double[][] posteriors = LabelPosterior.of(labels, classes, scores);
      for (int i = 0; i < n; i++) {
        assertThat(posteriors[i][(int) labels[i]]).isEqualTo(1);
      }
    }
  }

  /** Sure to the last bit, and by class: the first class is not the surest. */
  @Test
  void theOrderOfTheDataDoesNotMatter() {
    int classes = 10;
    int each = 400;
    Xoshiro generator = new Xoshiro(6);
    long[] labels = new long[classes * each];
    double[][] p = new double[labels.length][classes];
    for (int i = 0; i < labels.length; i++) {
      int c = i / each;
      p[i][c] = 1;
      boolean wrong = c >= 5 && generator.nextDouble() < 0.3;
      labels[i] = wrong ? (c + 1 + generator.below(classes - 1)) % classes : c;
    }
    ClassNoise noise = ClassNoise.fit(labels, p);
    double mean = 0;
    for (int c = 0; c < classes; c++) {
      mean += noise.rate(c) / classes;
    }
    assertThat(mean).isCloseTo(0.15, within(0.05));
  }

  /** Overlapping classes, of which some are written for some others by mistake. */
  @Test
  void whatIsWrittenForWhatIsFound() {
    for (int towards = 0; towards < 2; towards++) {
      Drawn drawn = new Drawn(7, towards);
      ClassNoise noise = ClassNoise.fit(drawn.labels, drawn.probabilities());
      for (int c = 0; c < Drawn.CLASSES; c++) {
        assertThat(noise.rate(c)).as("class " + c).isCloseTo(Drawn.RATE, within(0.03));
        double next = noise.rate(c, (c + 1) % Drawn.CLASSES);
        double expected = towards == 0 ? Drawn.RATE / (Drawn.CLASSES - 1) : Drawn.RATE;
        assertThat(next).as("from " + c).isCloseTo(expected, within(0.035));
        double row = noise.rate(c, c);
        for (int y = 0; y < Drawn.CLASSES; y++) {
          row += y == c ? 0 : noise.rate(c, y);
        }
        assertThat(row).isCloseTo(1, within(1e-12));
      }
    }
  }

  /**
   * A model that has learnt from labels of which a fifth is wrong, always for the same class, gives
   * that class a fifth: as if the classes overlapped everywhere.
   */
  @Test
  void whatAModelLearntOfTheNoiseIsNotOverlap() {
    int n = 4_000;
    int classes = 10;
    Xoshiro generator = new Xoshiro(9);
    double[][] scores = new double[n][classes];
    long[] right = new long[n];
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      int c = i % classes;
      right[i] = c;
      int twin = c ^ 1;
      double learnt = 0.2 + 0.06 * generator.nextGaussian();
      for (int y = 0; y < classes; y++) {
        double share = y == c ? 1 - learnt : y == twin ? Math.max(0.01, learnt) : 0.002;
        scores[i][y] = Math.log(share);
      }
      labels[i] = generator.nextDouble() < 0.2 ? twin : c;
    }
    double[][] posteriors = LabelPosterior.of(labels, classes, scores);
    double expected = 0;
    long wrong = 0;
    long found = 0;
    for (int i = 0; i < n; i++) {
      expected += 1 - posteriors[i][(int) labels[i]];
      if (labels[i] != right[i]) {
        wrong++;
        found += Classes.likeliest(posteriors[i]) == right[i] ? 1 : 0;
      }
    }
    assertThat(expected).isCloseTo(wrong, within(0.2 * wrong));
    assertThat(found).isGreaterThan(9 * wrong / 10);
  }

  /**
   * Sixty classes of thirty samples: too few to count any pair, enough to see that pairs prefer.
   */
  @Test
  void fewSamplesOfManyClassesShowHowNoiseDivides() {
    int classes = 60;
    int n = 30 * classes;
    Xoshiro generator = new Xoshiro(3);
    for (int towards = 0; towards < 2; towards++) {
      long[] labels = new long[n];
      double[][] p = new double[n][classes];
      for (int i = 0; i < n; i++) {
        int c = i % classes;
        long other = towards == 1 ? c ^ 1 : (c + 1 + generator.below(classes - 1)) % classes;
        labels[i] = generator.nextDouble() < 0.2 ? other : c;
        Arrays.fill(p[i], 0.1 / (classes - 1));
        p[i][c] = 0.9 + 0.001 * generator.nextDouble();
      }
      ClassNoise noise = ClassNoise.fit(labels, p);
      double twin = 0;
      for (int c = 0; c < classes; c++) {
        twin += noise.rate(c, c ^ 1) / classes;
      }
      assertThat(twin).isCloseTo(towards == 1 ? 0.2 : 0.2 / (classes - 1), within(0.05));
      double most = 0;
      for (int c = 0; c < classes * classes; c++) {
        boolean pair = c / classes != c % classes;
        most = Math.max(most, pair ? noise.rate(c / classes, c % classes) : 0);
      }
      assertThat(most).isBetween(towards == 1 ? 0.1 : 0, towards == 1 ? 0.5 : 0.05);
    }
  }

  /** Two mistakes, both of one class for the same other: chance does that once in four times. */
  @Test
  void fewMistakesAreNoPreference() {
    int classes = 5;
    int n = 2_000;
    long[] labels = LongStream.range(0, n).map(i -> i % classes).toArray();
    double[][] p = new double[n][classes];
    for (int i = 0; i < n; i++) {
      Arrays.fill(p[i], 0.01 / (classes - 1));
      p[i][i % classes] = i == 0 || i == 500 ? 0.995 : 0.99; // surest, so that they count
    }
    labels[0] = 4;
    labels[500] = 4;
    ClassNoise alike = ClassNoise.fit(labels, p);
    assertThat(alike.rate(0)).isGreaterThan(0.002);
    assertThat(alike.rate(0, 4)).isCloseTo(alike.rate(0, 3), within(1e-5));
  }

  /** What the proposals are expected to mend and to break, against what they do. */
  @Test
  void whatIsExpectedHappens() {
    for (int towards = 0; towards < 2; towards++) {
      Drawn drawn = new Drawn(8, towards);
      double[][] posteriors = LabelPosterior.of(drawn.labels, Drawn.CLASSES, drawn.scores);
      double mended = 0;
      double broken = 0;
      int taken = 0;
      int right = 0;
      int wasRight = 0;
      for (int i = 0; i < Drawn.SAMPLES; i++) {
        int best = Classes.likeliest(posteriors[i]);
        if (best != drawn.labels[i] && posteriors[i][best] >= 0.5) {
          mended += posteriors[i][best];
          broken += posteriors[i][(int) drawn.labels[i]];
          taken++;
          right += best == drawn.right[i] ? 1 : 0;
          wasRight += drawn.labels[i] == drawn.right[i] ? 1 : 0;
        }
      }
      assertThat(taken).as("noise " + towards).isGreaterThan(500);
      assertThat(right / (double) taken).as("mended").isCloseTo(mended / taken, within(0.05));
      assertThat(wasRight / (double) taken).as("broken").isCloseTo(broken / taken, within(0.05));
    }
  }

  /** A class that one sample has: its label is no evidence of noise. */
  @Test
  void theOnlySamplesOfTheirClassesAreNoNoise() {
    int n = 400;
    long[] labels = new long[n];
    double[][] p = new double[n][200];
    for (int i = 0; i < n; i++) {
      int looksLike = i % 100;
      labels[i] = i < 100 ? 100 + i : looksLike; // the first hundred: a class each
      Arrays.fill(p[i], 0.1 / 199);
      p[i][looksLike] = 0.9;
    }
    ClassNoise noise = ClassNoise.fit(labels, p);
    for (int c = 0; c < 100; c++) {
      assertThat(noise.rate(c)).isLessThan(0.01);
    }
  }

  /** Nor of doubt: a thousand of them change no temperature, and do not make scores telling. */
  @Test
  void theOnlySamplesOfTheirClassesMoveNoTemperature() {
    Drawn drawn = new Drawn(6, 0);
    int n = Drawn.SAMPLES / 10;
    int alone = n / 2;
    int classes = Drawn.CLASSES + alone;
    double[][] scores = new double[n + alone][classes];
    long[] labels = Arrays.copyOf(drawn.labels, n + alone);
    for (int i = 0; i < n + alone; i++) {
      Arrays.fill(scores[i], -5);
      System.arraycopy(drawn.scores[i], 0, scores[i], 0, Drawn.CLASSES);
      labels[i] = i < n ? labels[i] : Drawn.CLASSES + i - n;
    }
    Calibration with = Calibration.fit(labels, classes, scores);
    Calibration without =
        Calibration.fit(Arrays.copyOf(labels, n), classes, Arrays.copyOf(scores, n));
    assertThat(with.scales()[0]).isCloseTo(without.scales()[0], within(0.01));
    assertThat(with.logLikelihood()).isCloseTo(without.logLikelihood(), within(1e-6));
    long[] each = LongStream.range(0, 50).toArray();
    double[][] one = LabelPosterior.of(each, 50, Arrays.copyOf(scores, 50));
    assertThat(one[7][7]).isEqualTo(1); // nothing is known of any
  }

  /** Overlapping classes with wrong labels. */
  private static final class Drawn {
    static final int SAMPLES = 20_000;
    static final int CLASSES = 5;
    static final double SCALE = 4;
    static final double RATE = 0.15;
    final double[][] scores = new double[SAMPLES][CLASSES];
    final long[] right = new long[SAMPLES];
    final long[] labels = new long[SAMPLES];

    /** By the temperature that the labels were drawn at. */
    double[][] probabilities() {
      Calibration known = new Calibration(new double[] {SCALE}, 0);
      return Arrays.stream(scores).map(known::probabilities).toArray(double[][]::new);
    }

    /**
     * @param towards 0: a wrong label is any other class; 1: it is the next class
     */
    Drawn(long seed, int towards) {
      Xoshiro generator = new Xoshiro(seed);
      Calibration truth = new Calibration(new double[] {SCALE}, 0);
      for (int i = 0; i < SAMPLES; i++) {
        Arrays.setAll(scores[i], c -> generator.nextGaussian());
        double u = generator.nextDouble();
        double[] p = truth.probabilities(scores[i]);
        while (right[i] < CLASSES - 1 && u >= p[(int) right[i]]) {
          u -= p[(int) right[i]++];
        }
        labels[i] = right[i];
        if (generator.nextDouble() < RATE) {
          long step = towards == 1 ? 1 : 1 + generator.below(CLASSES - 1);
          labels[i] = (right[i] + step) % CLASSES;
        }
      }
    }
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
