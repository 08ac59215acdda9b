package io.vicinal.retrieval;

import static io.vicinal.Refusal.refused;
import static io.vicinal.tensor.Filled.gaussian;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.TestDevice;
import io.vicinal.process.InterruptedCall;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class ClosePairsTest {
  private static final double EVERY = Double.POSITIVE_INFINITY;
  private static final int ALL = 10_000_000; // more than there are

  /** Emulated, a GPU takes a second for a million pairs. */
  private static final int MANY = TestDevice.name().equals("cpu") ? 3000 : 200;

  @AutoClose private final Arena arena = Arena.host();

  // Little workspace, so that there are many tiles.
  @AutoClose
  private final Backend backend =
      Backend.open(TestDevice.name(), new BackendOptions(2, 1 << 20, "auto"));

  private record Pair(double distance, int first, int second) {}

  /** The oracle: all pairs in double, columns in their order. */
  private static List<Pair> all(float[] a, float[] b, int d, double limit) {
    boolean same = b == null;
    float[] other = same ? a : b;
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < a.length / d; i++) {
      for (int j = same ? i + 1 : 0; j < other.length / d; j++) {
        double sum = 0;
        for (int l = 0; l < d; l++) {
          double difference = (double) a[i * d + l] - other[j * d + l];
          sum += difference * difference;
        }
        if (sum <= limit) {
          pairs.add(new Pair(sum, i, j));
        }
      }
    }
    pairs.sort(
        Comparator.comparingDouble(Pair::distance)
            .thenComparingInt(Pair::first)
            .thenComparingInt(Pair::second));
    return pairs;
  }

  private static List<Pair> kept(ClosePairs found) {
    List<Pair> pairs = new ArrayList<>();
    for (int p = 0; p < found.kept(); p++) {
      pairs.add(new Pair(found.distances()[p], found.first()[p], found.second()[p]));
    }
    return pairs;
  }

  private Tensor rows(float[] values, int d) {
    return values == null ? null : arena.of(values, values.length / d, d);
  }

  /** Coordinates are multiples of 1/8 below 2^10, so that every order of summation is exact. */
  private void checkExact(float[] a, float[] b, int d, double... limits) {
    Tensor x = rows(a, d);
    Tensor y = rows(b, d);
    for (double limit : limits) {
      List<Pair> expected = all(a, b, d, limit);
      for (int most : new int[] {0, 1, 37, expected.size(), ALL}) {
        ClosePairs found = ClosePairs.ofDistance(x, y, limit, most, backend);
        assertThat(found.total()).as("limit %s", limit).isEqualTo(expected.size());
        assertThat(kept(found))
            .as("limit %s, %d kept", limit, most)
            .isEqualTo(expected.subList(0, Math.min(most, expected.size())));
      }
    }
  }

  private static float[] lattice(int count, int steps, double offset, long seed) {
    Random random = new Random(seed);
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (offset + random.nextInt(steps) / 8.0);
    }
    return x;
  }

  @Test
  void pairsExactlyAtTheThresholdAreIn() {
    for (int[] shape : new int[][] {{2, 1}, {90, 1}, {150, 3}, {300, 8}, {211, 33}}) {
      float[] x = lattice(shape[0] * shape[1], 5, 0, shape[1]);
      double typical = shape[1] * 4 / 64.0; // multiples of 1/64 are distances
      checkExact(x, null, shape[1], 0, typical, Math.nextDown(typical), 2 * typical, EVERY);
      float[] y = lattice(77 * shape[1], 5, 0, 100 + shape[1]);
      checkExact(x, y, shape[1], 0, typical, Math.nextDown(typical), 2 * typical, EVERY);
    }
  }

  /** Far from 0, where |a|^2 + |b|^2 - 2ab in float32 knows nothing of such distances. */
  @Test
  void rowsFarFromTheOriginAreAsExact() {
    float[] x = lattice(260 * 9, 4, 900, 3);
    checkExact(x, null, 9, 0, 0.25, Math.nextDown(0.25), 0.5, 1, EVERY);
  }

  @Test
  void equalRowsByTheThousand() {
    float[] x = new float[MANY * 4];
    Arrays.fill(x, 1.1f);
    Tensor rows = rows(x, 4);
    long pairs = (long) MANY * (MANY - 1) / 2;
    int most = MANY + 500;
    for (double limit : new double[] {0, 1e-12, 1e-3, EVERY}) {
      ClosePairs found = ClosePairs.ofDistance(rows, null, limit, most, backend);
      assertThat(found.total()).isEqualTo(pairs);
      assertThat(found.kept()).isEqualTo(most);
      assertThat(found.distances()).containsOnly(0);
      for (int i = 0, j = 1, p = 0; p < most; p++) {
        assertThat(found.first()[p] == i && found.second()[p] == j).isTrue();
        j++;
        if (j == MANY) {
          i++;
          j = i + 1;
        }
      }
    }
    assertThat(ClosePairs.ofCosine(rows, null, 1, 0, backend).total()).isEqualTo(pairs);
    float[] few = lattice(MANY / 2 * 2, 3, 0, 8); // nine different rows
    checkExact(few, null, 2, 0, 1 / 64.0, 2 / 64.0);
  }

  @Test
  void cosinesAreThoseOfDoubles() {
    float[] x = gaussian(400 * 12, 1);
    for (int i = 0; i < 40; i++) { // near copies, of other lengths
      for (int j = 0; j < 12; j++) {
        x[(399 - i) * 12 + j] = x[i * 12 + j] * (i + 1) + (j == 0 ? 1e-3f * i : 0);
      }
    }
    double[] cosines = new double[400 * 399 / 2];
    int count = 0;
    for (int i = 0; i < 400; i++) {
      for (int j = i + 1; j < 400; j++) {
        cosines[count++] = cosine(x, i, j, 12);
      }
    }
    double[] sorted = cosines.clone();
    Arrays.sort(sorted);
    for (double t : new double[] {-0.5, 0, 0.5, 0.8, 0.99}) {
      int at = Math.abs(Arrays.binarySearch(sorted, t) + 1);
      double between = (sorted[at - 1] + sorted[at]) / 2;
      assertThat(sorted[at] - sorted[at - 1]).isGreaterThan(1e-6); // rounding decides nothing
      ClosePairs found = ClosePairs.ofCosine(rows(x, 12), null, between, ALL, backend);
      assertThat(found.total()).isEqualTo(count - at);
      for (int p = 0; p < found.kept(); p++) {
        double expected = cosine(x, found.first()[p], found.second()[p], 12);
        assertThat(found.cosine(p)).isCloseTo(expected, offset(5e-7));
        assertThat(p == 0 || found.cosine(p) <= found.cosine(p - 1)).isTrue();
      }
    }
  }

  private static double cosine(float[] x, int i, int j, int d) {
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int l = 0; l < d; l++) {
      dot += (double) x[i * d + l] * x[j * d + l];
      a += (double) x[i * d + l] * x[i * d + l];
      b += (double) x[j * d + l] * x[j * d + l];
    }
    return dot / Math.sqrt(a * b);
  }

  @Test
  void theEndsOfTheCosinesScale() {
    float[] x = {1, 2, 2, 4, -1, -2, 0, 0, 1, 2, 3, 1};
    Tensor rows = rows(x, 2);
    ClosePairs found = ClosePairs.ofCosine(rows, null, -1, ALL, backend);
    assertThat(found.total()).isEqualTo(10); // not the row of zeros
    assertThat(found.directionless()).isEqualTo(1);
    assertThat(found.cosine(9)).isCloseTo(-1, offset(1e-6));
    found = ClosePairs.ofCosine(rows, null, 1, ALL, backend);
    assertThat(found.first()).containsExactly(0, 0, 1);
    assertThat(found.second()).containsExactly(1, 4, 4);
    found = ClosePairs.ofCosine(rows, rows, 1, ALL, backend);
    assertThat(found.total()).isEqualTo(3 * 3 + 1 + 1); // both ways, and each with itself
    assertThat(found.directionless()).isEqualTo(2);
    Tensor zeros = rows(new float[8], 2);
    assertThat(ClosePairs.ofCosine(zeros, null, -1, ALL, backend).total()).isZero();
    assertThat(ClosePairs.ofDistance(zeros, null, 0, ALL, backend).total()).isEqualTo(6);
  }

  @Test
  void oneRowAndNone() {
    Tensor one = rows(new float[] {3, 4}, 2);
    Tensor none = arena.allocate(DType.F32, 0, 2);
    assertThat(ClosePairs.ofDistance(one, null, EVERY, ALL, backend).total()).isZero();
    assertThat(ClosePairs.ofDistance(none, null, EVERY, ALL, backend).total()).isZero();
    assertThat(ClosePairs.ofCosine(one, none, -1, ALL, backend).total()).isZero();
    assertThat(ClosePairs.ofCosine(none, one, -1, ALL, backend).total()).isZero();
    assertThat(kept(ClosePairs.ofDistance(one, one, 0, ALL, backend)))
        .containsExactly(new Pair(0, 0, 0));
  }

  @Test
  void hugeAndTinyValuesNeitherOverflowNorVanish() {
    float[] x = gaussian(90 * 3, 6);
    for (int i = 0; i < x.length; i++) {
      x[i] *= i % 2 == 0 ? 1e25f : 1e-30f;
    }
    for (float[] values : new float[][] {x, {1e-38f, 0, 2e-38f, 4e-45f}, {3e38f, -3e38f, 3e38f}}) {
      int d = values.length == 4 ? 1 : 3;
      List<Pair> pairs = all(values, null, d, EVERY);
      double limit = pairs.isEmpty() ? 0 : pairs.get(pairs.size() / 2).distance() * (1 + 1e-9);
      ClosePairs found = ClosePairs.ofDistance(rows(values, d), null, limit, ALL, backend);
      assertThat(found.total()).isEqualTo(all(values, null, d, limit).size());
    }
  }

  @Test
  void neitherThreadsNorWorkspaceHaveASay() {
    float[] x = gaussian(MANY / 2 * 7, 7);
    Tensor rows = rows(x, 7);
    ClosePairs one = ClosePairs.ofDistance(rows, null, 1.5, 50, backend);
    assertThat(one.total()).isGreaterThan(50);
    for (int threads : new int[] {1, 3}) {
      for (long workspace : new long[] {1 << 20, 1 << 26}) {
        try (Backend other =
            Backend.open(TestDevice.name(), new BackendOptions(threads, workspace, "auto"))) {
          ClosePairs found = ClosePairs.ofDistance(rows, null, 1.5, 50, other);
          assertThat(found.total()).isEqualTo(one.total());
          assertThat(kept(found)).isEqualTo(kept(one));
        }
      }
    }
  }

  @Test
  void doublesAndRowsOfTheDeviceAreTaken() {
    float[] x = lattice(60 * 3, 5, 0, 9);
    double[] wide = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      wide[i] = x[i];
    }
    List<Pair> expected = all(x, null, 3, 0.25);
    assertThat(kept(ClosePairs.ofDistance(arena.of(wide, 60, 3), null, 0.25, ALL, backend)))
        .isEqualTo(expected);
    try (Arena there = new Arena(backend.memory())) {
      Tensor onDevice = there.allocate(DType.F32, 60, 3);
      onDevice.copyFrom(rows(x, 3));
      assertThat(kept(ClosePairs.ofDistance(onDevice, null, 0.25, ALL, backend)))
          .isEqualTo(expected);
    }
  }

  @Test
  void badArgumentsAreNamed() {
    Tensor x = rows(gaussian(12, 8), 3);
    Tensor wide = rows(gaussian(16, 8), 4);
    refused(() -> ClosePairs.ofCosine(x, null, 1.5, 1, backend), "cosine: must be -1 to 1");
    refused(() -> ClosePairs.ofCosine(x, null, Double.NaN, 1, backend), "cosine: must be -1 to 1");
    refused(() -> ClosePairs.ofDistance(x, null, -1, 1, backend), "distance: must be 0 or more");
    refused(() -> ClosePairs.ofDistance(x, null, 1, -1, backend), "pairs to keep: must be 0");
    refused(() -> ClosePairs.ofDistance(x, wide, 1, 1, backend), "others: has width 4");
    refused(
        () -> ClosePairs.ofDistance(arena.of(new long[3], 3, 1), null, 1, 1, backend),
        "rows: needs a floating-point matrix");
    Tensor nan = rows(new float[] {1, 2, Float.NaN}, 1);
    Tensor infinite = rows(new float[] {Float.POSITIVE_INFINITY, 2}, 1);
    refused(() -> ClosePairs.ofDistance(nan, null, 1, 1, backend), "rows: row 2 has a NaN");
    refused(
        () -> ClosePairs.ofCosine(rows(new float[1], 1), infinite, 0, 1, backend),
        "others: row 0 has a NaN or an infinity");
  }

  @Test
  void interruptStopsALongSearch() throws Exception {
    int n = 40_000;
    Tensor x = arena.of(gaussian(n * 256, 9), n, 256);
    InterruptedCall.of(() -> ClosePairs.ofCosine(x, null, 0.9, 100, backend));
  }
}
