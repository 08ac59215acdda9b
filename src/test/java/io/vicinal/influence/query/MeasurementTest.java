package io.vicinal.influence.query;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.InputException;
import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values against their definitions, gradients against central differences. */
class MeasurementTest {
  private static final int ROWS = 12;
  private static final int WIDTH = 5;
  private static final long[] LABELS = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 7};
  private static final long[] ALL = LongStream.range(0, ROWS).toArray();

  private static Embedded random(long seed) {
    Xoshiro random = new Xoshiro(seed);
    double[][] values = new double[ROWS][WIDTH];
    for (double[] row : values) {
      for (int k = 0; k < WIDTH; k++) {
        row[k] = random.nextGaussian();
      }
    }
    return new Embedded(WIDTH, ALL, values);
  }

  private static SmoothedRecall recall(int k, double temperature, double rankTemperature) {
    return new SmoothedRecall(k, temperature, rankTemperature, ALL, ALL, LABELS);
  }

  static Stream<Measurement> measurements() {
    return Stream.of(
        new PairDistance(3, 8),
        GroupDistance.of(
            new Group(0, List.of(1L), List.of(new Pair(0, 1), new Pair(3, 1), new Pair(6, 0)))),
        new TripletMargin(0, 3, 1),
        new ClassConfusion("classes", new long[] {0, 3, 6}, new long[] {1, 4}),
        recall(1, 0.2, 0.5),
        new SmoothedRecall(
            2, 0.3, 0.4, new long[] {0, 1, 2}, new long[] {2, 3, 4, 5, 6, 7}, LABELS));
  }

  @ParameterizedTest
  @MethodSource("measurements")
  void gradientsAreThoseOfCentralDifferences(Measurement measurement) {
    Embedded at = random(2);
    LowRankGradient gradient = TestSet.gradient(measurement, at);
    double step = 1e-5;
    double largest = 0;
    for (long row : ALL) {
      int r = Arrays.binarySearch(gradient.rows(), row);
      for (int k = 0; k < WIDTH; k++) {
        double[] z = at.values()[(int) row];
        double kept = z[k];
        z[k] = kept + step;
        double above = measurement.value(at);
        z[k] = kept - step;
        double below = measurement.value(at);
        z[k] = kept;
        double analytic = r < 0 ? 0 : gradient.coefficients()[r][k];
        assertThat(analytic).isCloseTo((above - below) / (2 * step), offset(2e-9));
        largest = Math.max(largest, Math.abs(analytic));
      }
    }
    assertThat(largest).isGreaterThan(1e-3);
  }

  @ParameterizedTest
  @MethodSource("measurements")
  void radialMovesChangeNothing(Measurement measurement) {
    Embedded at = random(3);
    LowRankGradient gradient = TestSet.gradient(measurement, at);
    for (int r = 0; r < gradient.rows().length; r++) {
      double radial = UnitRows.dot(at.raw(gradient.rows()[r]), gradient.coefficients()[r]);
      assertThat(radial).isCloseTo(0, offset(1e-14));
    }
  }

  @ParameterizedTest
  @MethodSource("measurements")
  void zeroRowsHaveDerivativeZero(Measurement measurement) {
    Embedded at = random(4);
    long zero = measurement.rows()[0];
    Arrays.fill(at.values()[(int) zero], 0);
    LowRankGradient gradient = TestSet.gradient(measurement, at);
    assertThat(gradient.coefficients()[0]).containsOnly(0);
    assertThat(measurement.value(at)).isFinite();
    for (double[] row : gradient.coefficients()) {
      assertThat(row).doesNotContain(Double.NaN);
    }
  }

  @Test
  void pairDistanceIsTwoMinusTwoCosines() {
    double[][] rows = {{2, 0}, {0, 3}, {-5, 0}, {7, 0}, {0, 0}};
    Embedded at = new Embedded(2, new long[] {0, 1, 2, 3, 4}, rows);
    assertThat(new PairDistance(0, 1).value(at)).isEqualTo(2);
    assertThat(new PairDistance(0, 2).value(at)).isEqualTo(4);
    assertThat(new PairDistance(0, 3).value(at)).isEqualTo(0);
    assertThat(new PairDistance(0, 4).value(at)).isEqualTo(2);
    assertThat(new TripletMargin(0, 1, 2).value(at)).isEqualTo(2);
    LowRankGradient gradient = TestSet.gradient(new PairDistance(0, 1), at);
    assertThat(gradient.coefficients()[0]).containsExactly(0, -1); // -(2/2)(u_1 - 0 u_0)
    assertThat(gradient.coefficients()[1]).containsExactly(-2.0 / 3, 0);
  }

  @Test
  void closeRowsKeepTheirDistance() {
    double[][] rows = {{1, 0}, {1, 1e-9}};
    Embedded at = new Embedded(2, new long[] {0, 1}, rows);
    assertThat(new PairDistance(0, 1).value(at)).isCloseTo(1e-18, offset(1e-24));
  }

  @Test
  void groupAndClassesAreMeansOfPairs() {
    Embedded at = random(5);
    long[] a = {0, 3, 6};
    long[] b = {1, 4};
    double sum = 0;
    List<Pair> pairs =
        Arrays.stream(a)
            .boxed()
            .flatMap(i -> Arrays.stream(b).mapToObj(j -> new Pair(i, j)))
            .toList();
    for (Pair pair : pairs) {
      sum += new PairDistance(pair.i(), pair.j()).value(at);
    }
    assertThat(new GroupDistance("all", pairs).value(at)).isCloseTo(sum / 6, offset(1e-14));
    assertThat(new ClassConfusion("ab", a, b).value(at)).isCloseTo(sum / 6, offset(1e-14));
  }

  private static double hardRecall(Embedded at, int k) {
    UnitRows units = new UnitRows(at);
    int hits = 0;
    for (int q = 0; q < ROWS - 1; q++) { // the last row is the only one of its class
      int query = q;
      List<Long> order =
          Arrays.stream(ALL)
              .filter(row -> row != query)
              .boxed()
              .sorted((x, y) -> Double.compare(cosine(units, query, y), cosine(units, query, x)))
              .toList();
      hits +=
          order.subList(0, k).stream().anyMatch(r -> LABELS[r.intValue()] == LABELS[query]) ? 1 : 0;
    }
    return hits / (ROWS - 1.0);
  }

  private static double cosine(UnitRows units, long i, long j) {
    return UnitRows.dot(units.unit(i), units.unit(j));
  }

  @Test
  void smoothedRecallBecomesRecall() {
    for (int seed = 0; seed < 5; seed++) {
      Embedded at = random(seed);
      for (int k = 1; k <= 4; k++) {
        assertThat(recall(k, 1e-5, 1e-2).value(at)).isCloseTo(hardRecall(at, k), offset(1e-6));
        assertThat(recall(k, 0.05, 0.25).value(at)).isBetween(0.0, 1.0);
      }
    }
    assertThat(recall(1, 0.05, 0.25).lone()).isEqualTo(1);
  }

  @Test
  void whatCannotBeMeasuredIsNamed() {
    refused(() -> GroupDistance.of(new Group(3, List.of(), List.of())), "group 3: has no pair");
    refused(() -> new PairDistance(2, 2));
    refused(() -> new TripletMargin(1, 2, 1));
    refused(() -> new ClassConfusion("x", new long[] {1}, new long[] {1}));
    refused(() -> new ClassConfusion("x", new long[] {1}, new long[] {}));
    refused(() -> recall(0, 1, 1));
    assertThatThrownBy(
            () -> new SmoothedRecall(1, 1, 1, new long[] {11}, ALL, LABELS)) // alone in its class
        .isInstanceOf(InputException.class)
        .hasMessageContaining("test labels");
  }
}
