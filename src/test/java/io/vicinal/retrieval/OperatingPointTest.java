package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.retrieval.OperatingPoint.Choice;
import io.vicinal.retrieval.OperatingPoint.Rate;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OperatingPointTest {
  @AutoClose private static Backend backend;
  @AutoClose private final Arena arena = Arena.host();

  @BeforeAll
  static void open() {
    backend = Backend.cpu();
  }

  /** Rows of which the first is the query of every pair: the others lie at these distances. */
  private MeasuredRows line(double[] positives, double[] negatives) {
    float[] x = new float[positives.length + negatives.length];
    long[] y = new long[x.length];
    for (int i = 0; i < x.length; i++) {
      boolean same = i < positives.length;
      x[i] = (float) (same ? positives[i] : negatives[i - positives.length]);
      y[i] = same ? 0 : 1 + i;
    }
    return MeasuredRows.of(
        backend,
        arena.of(new float[1], 1, 1),
        arena.of(new long[1], 1),
        arena.of(x, x.length, 1),
        arena.of(y, y.length),
        false,
        arena);
  }

  /** The golden values of Open Metric Learning's FNMR@FMR. */
  @Test
  void missedMatchesAtAFalseMatchRate() {
    MeasuredRows rows =
        line(
            new double[] {0, 0, 1, 1, 2, 2, 5, 5, 9, 9},
            new double[] {3, 3, 4, 4, 6, 6, 7, 7, 8, 8});
    for (long exact : new long[] {PairStream.EXACT, 0}) {
      PairStream pairs = new PairStream(backend, rows, exact);
      Choice tenth = OperatingPoint.choose(pairs, 0.1);
      assertThat(tenth.point().falseNonMatches().value()).isEqualTo(0.4);
      assertThat(tenth.point().falseMatches().value()).isZero(); // both of 3 or none
      Choice half = OperatingPoint.choose(pairs, 0.5);
      assertThat(half.point().falseNonMatches().value()).isEqualTo(0.2);
      assertThat(half.point().falseMatches().value()).isEqualTo(0.4);
      if (exact > 0) {
        assertThat(tenth.distance()).isEqualTo(2.5);
        assertThat(half.distance()).isEqualTo(5.5);
        assertThat(half.resolution()).isZero();
      } else {
        assertThat(half.distance()).isBetween(6 - 2 * half.resolution(), 6.0);
        assertThat(half.resolution()).isEqualTo(18.0 / (1 << 20));
      }
    }
  }

  private Tensor rows(int n, int width, long seed) {
    Random random = new Random(seed);
    float[] x = new float[n * width];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian() + (i % width == i / width % 7 ? 2 : 0);
    }
    return arena.of(x, n, width);
  }

  private Tensor classes(int n, int classes) {
    long[] y = new long[n];
    Arrays.setAll(y, i -> i % classes);
    return arena.of(y, n);
  }

  /** Sums of differences, products and bins: the same rates, and thresholds a bin apart. */
  @Test
  void manyPairsAreMeasuredAsFew() {
    int n = 1500; // more than one block of rows
    for (boolean gallery : new boolean[] {false, true}) {
      MeasuredRows rows =
          MeasuredRows.of(
              backend,
              rows(n, 9, 1),
              classes(n, 7),
              gallery ? rows(400, 9, 2) : null,
              gallery ? classes(400, 5) : null,
              true,
              arena);
      Choice few = OperatingPoint.choose(new PairStream(backend, rows, Long.MAX_VALUE), 0.01);
      Choice many = OperatingPoint.choose(new PairStream(backend, rows, 0), 0.01);
      double bin = many.resolution();
      assertThat(bin).isCloseTo(2.0 / (1 << 20), offset(1e-9));
      // The one takes the middle of the gap that the other takes the end of.
      assertThat(many.distance()).isCloseTo(few.distance(), offset(1e-4));
      assertThat(many.low()).isCloseTo(few.low(), offset(1e-4));
      assertThat(many.high()).isCloseTo(few.high(), offset(1e-4));
      assertThat(many.point().opis()).isCloseTo(few.point().opis(), offset(1e-6));
      Rate one = few.point().falseMatches();
      Rate other = many.point().falseMatches();
      assertThat(other.pairs()).isEqualTo(one.pairs());
      assertThat(other.value()).isCloseTo(one.value(), offset(1e-5)).isLessThanOrEqualTo(0.01);
      assertThat(other.low()).isCloseTo(one.low(), offset(1e-5));
    }
  }

  @Test
  void theSameForAnyNumberOfThreadsAndWhatIsChosenIsMeasured() {
    Tensor x = rows(300, 8, 3);
    Tensor y = classes(300, 9);
    Choice choice = OperatingPoint.choose(backend, x, y, true, 0.02);
    try (Backend one = Backend.open("cpu", new BackendOptions(1, 0, "auto"))) {
      assertThat(OperatingPoint.choose(one, x, y, true, 0.02)).isEqualTo(choice);
    }
    assertThat(OperatingPoint.measure(backend, x, y, null, null, true, choice.distance()))
        .isEqualTo(choice.point());
    assertThat(choice.distance()).isBetween(choice.low(), choice.high());
  }

  /** By leaving out the rows of a class, one after the other, and counting all pairs again. */
  @Test
  void intervalsAreTheJackknifes() {
    int n = 60;
    Tensor x = rows(n, 4, 5);
    Tensor y = classes(n, 6);
    double t = 2;
    OperatingPoint point = OperatingPoint.measure(backend, x, y, null, null, false, t);
    check(point.falseMatches(), shares(x, y, t, false));
    check(point.falseNonMatches(), shares(x, y, t, true));
  }

  private static void check(Rate rate, List<Double> shares) {
    double p = shares.remove(0);
    assertThat(rate.value()).isEqualTo(p);
    double mean = shares.stream().mapToDouble(s -> s).average().orElseThrow();
    double variance = shares.stream().mapToDouble(s -> (s - mean) * (s - mean)).sum() * 5 / 6;
    double independent = p * (1 - p) / variance;
    assertThat(rate.independent()).isCloseTo(independent, offset(1e-9 * independent));
    // The ends are where the score test of p is at Student's quantile of 5 degrees of freedom.
    for (double end : new double[] {rate.low(), rate.high()}) {
      double error = Math.sqrt(end * (1 - end) / independent);
      assertThat(Math.abs(p - end) / error).isCloseTo(2.570581835636197, offset(1e-9));
    }
  }

  /** Few classes say little of how much classes vary, which 1.96 standard errors would forget. */
  @Test
  void intervalsOfFewClassesHoldTheRate() {
    Random random = new Random(7);
    double t = 2.23;
    int pairs = 0;
    int matches = 0;
    for (; pairs < 200_000; pairs++) {
      matches += apart(normal(random), normal(random), random) <= t ? 1 : 0;
    }
    double rate = (double) matches / pairs;
    int held = 0;
    for (int draw = 0; draw < 200; draw++) {
      Tensor x = arena.of(classes(random, 5, 12), 60, 8);
      Tensor y = classes(60, 5);
      Rate one = OperatingPoint.measure(backend, x, y, null, null, false, t).falseMatches();
      held += one.low() <= rate && rate <= one.high() ? 1 : 0;
    }
    assertThat(held).isBetween(182, 200);
  }

  private static double[] normal(Random random) {
    return random.doubles(8).map(u -> random.nextGaussian()).toArray();
  }

  /** How far two rows of classes around two centres are apart. */
  private static double apart(double[] a, double[] b, Random random) {
    double square = 0;
    for (int j = 0; j < a.length; j++) {
      square += Math.pow(a[j] - b[j] + 0.7 * (random.nextGaussian() - random.nextGaussian()), 2);
    }
    return Math.sqrt(square);
  }

  /** Row i is of class i modulo the classes. */
  private static float[] classes(Random random, int classes, int each) {
    double[][] centres = new double[classes][];
    Arrays.setAll(centres, c -> normal(random));
    float[] x = new float[classes * each * 8];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (centres[i / 8 % classes][i % 8] + 0.7 * random.nextGaussian());
    }
    return x;
  }

  /** Tables of Student's distribution. */
  @Test
  void quantiles() {
    double[][] known = {
      {1, 12.706204736}, {2, 4.302652730}, {3, 3.182446305}, {9, 2.262157163}, {1000, 1.962339081}
    };
    for (double[] one : known) {
      assertThat(OperatingPoint.student((long) one[0])).isCloseTo(one[1], offset(1e-8));
    }
  }

  /** The share of wrong pairs of all rows, then of those without each class. */
  private static List<Double> shares(Tensor rows, Tensor labels, double t, boolean within) {
    int width = (int) rows.dim(1);
    float[] x = rows.toFloats();
    long[] y = labels.toLongs();
    List<Double> shares = new ArrayList<>();
    for (int left = -1; left < 6; left++) {
      double wrong = 0;
      double pairs = 0;
      for (int i = 0; i < y.length; i++) {
        for (int j = 0; j < i; j++) {
          double square = 0;
          for (int k = 0; k < width; k++) {
            square += Math.pow((double) x[i * width + k] - x[j * width + k], 2);
          }
          if (y[i] != left && y[j] != left && (y[i] == y[j]) == within) {
            pairs++;
            wrong += (Math.sqrt(square) <= t) != within ? 1 : 0;
          }
        }
      }
      shares.add(wrong / pairs);
    }
    return shares;
  }

  @Test
  void whatIsNotThere() {
    Tensor x = rows(4, 2, 6);
    Tensor one = classes(4, 1);
    refused(() -> OperatingPoint.choose(backend, x, one, false, 0.1), "different classes");
    OperatingPoint point = OperatingPoint.measure(backend, x, one, null, null, false, 1);
    assertThat(point.falseMatches().value()).isNaN();
    assertThat(point.falseMatches().pairs()).isZero();
    assertThat(point.falseNonMatches().pairs()).isEqualTo(6);
    assertThat(point.opis()).isZero();
    assertThat(point.opisClasses()).isZero();

    Tensor alone = classes(4, 4); // no pair of one class
    Choice none = OperatingPoint.choose(backend, x, alone, false, 0.3);
    assertThat(none.point().falseNonMatches().value()).isNaN();
    assertThat(none.point().falseMatches().errors()).isEqualTo(1);

    // Equal rows of two classes must not match, so nothing may.
    Tensor equal = arena.of(new float[] {1, 1, 1, 1}, 4, 1);
    for (long exact : new long[] {PairStream.EXACT, 0}) {
      MeasuredRows rows = MeasuredRows.of(backend, equal, classes(4, 2), null, null, false, arena);
      Choice nothing = OperatingPoint.choose(new PairStream(backend, rows, exact), 0.1);
      assertThat(nothing.distance()).isEqualTo(-1);
      assertThat(nothing.point().falseMatches().errors()).isZero();
      assertThat(nothing.point().falseNonMatches().value()).isEqualTo(1);
    }
  }

  /** No error among many pairs is no proof of a rate of 0. */
  @Test
  void withoutAnyErrorTheClassesAreTheSample() {
    MeasuredRows rows = line(new double[] {0, 1}, new double[] {5, 6, 7, 8});
    Choice choice = OperatingPoint.choose(new PairStream(backend, rows), 0.1);
    Rate rate = choice.point().falseMatches();
    assertThat(rate.errors()).isZero();
    assertThat(rate.independent()).isEqualTo(5);
    assertThat(rate.low()).isZero();
    assertThat(rate.high()).isCloseTo(1.96 * 1.96 / (5 + 1.96 * 1.96), offset(1e-4));
  }
}
