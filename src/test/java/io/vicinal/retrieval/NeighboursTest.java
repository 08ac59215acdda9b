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
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class NeighboursTest {
  @AutoClose private final Arena arena = Arena.host();

  // Little workspace, so that a GPU takes the queries in many blocks.
  @AutoClose
  private final Backend backend =
      Backend.open(TestDevice.name(), new BackendOptions(2, 1 << 20, "auto"));

  @Test
  void agreesWithAllDistancesSorted() {
    for (int[] shape : new int[][] {{1, 1, 1}, {5, 3, 2}, {19, 200, 7}, {64, 500, 33}}) {
      float[] q = gaussian(shape[0] * shape[2], 1);
      float[] g = gaussian(shape[1] * shape[2], 2);
      for (int k : new int[] {1, Math.min(7, shape[1]), shape[1]}) {
        check(q, g, shape[2], k, null);
      }
    }
  }

  @Test
  void leavesTheQueryOutById() {
    float[] x = gaussian(300 * 5, 3);
    check(x, x, 5, 4, LongStream.range(0, 300).toArray());
    check(x, x, 5, 299, LongStream.range(0, 300).toArray());
  }

  @Test
  void duplicatesAndTiesAreOrderedByLowerId() {
    Random random = new Random(4);
    float[] grid = new float[400 * 3]; // few different points: many exact ties
    for (int i = 0; i < grid.length; i++) {
      grid[i] = random.nextInt(3) * 0.1f;
    }
    check(grid, grid, 3, 20, LongStream.range(0, 400).toArray());
    float[] collapsed = new float[100 * 4]; // all rows the same, large
    Arrays.fill(collapsed, 1e3f);
    check(collapsed, collapsed, 4, 10, LongStream.range(0, 100).toArray());
  }

  @Test
  void rowsThatDifferByOneUnitAreOrderedRight() {
    float[] x = new float[200 * 16];
    Random random = new Random(5);
    for (int i = 0; i < x.length; i++) {
      x[i] = 1 + random.nextInt(3) * Math.ulp(1f); // hopeless in |q|^2 + |g|^2 - 2qg
    }
    check(x, x, 16, 5, LongStream.range(0, 200).toArray());
  }

  @Test
  void hugeAndTinyValuesDoNotOverflow() {
    float[] x = gaussian(60 * 3, 6);
    for (int i = 0; i < x.length; i++) {
      x[i] *= i % 2 == 0 ? 1e25f : 1e-30f;
    }
    check(x, x, 3, 5, LongStream.range(0, 60).toArray());
  }

  /** Points 10, 10, 20, 20: dropping the first column instead of the query would be wrong. */
  @Test
  void identicalPointsOfAnotherLabelComeFirst() {
    Tensor x = arena.of(new float[] {10, 10, 20, 20}, 4, 1);
    NeighbourList list = Neighbours.search(x, x, 1, new long[] {0, 1, 2, 3}, backend);
    assertThat(list.ids()).containsExactly(1, 0, 3, 2);
    assertThat(list.distances()).containsOnly(0);
  }

  /**
   * pytorch-metric-learning's points on a line: queries 0..9, gallery 0..9 labelled by value and
   * 0.5..9.5 labelled 1, each query left out. Only label 1 has more than one row.
   */
  @Test
  void pointsOnALine() {
    float[] gallery = new float[20];
    for (int i = 0; i < 10; i++) {
      gallery[i] = i;
      gallery[10 + i] = i + 0.5f;
    }
    Tensor g = arena.of(gallery, 20, 1);
    NeighbourList list =
        Neighbours.search(g.rows(0, 10), g, 19, LongStream.range(0, 10).toArray(), backend);
    RankingMetrics metrics = new RankingMetrics(MetricId.parseList("p@1,rp,map@r,map"));
    for (int q = 0; q < 10; q++) {
      boolean[] relevance = new boolean[19];
      for (int j = 0; j < 19; j++) {
        relevance[j] = (list.id(q, j) < 10 ? list.id(q, j) : 1) == q;
      }
      metrics.add(relevance, q == 1 ? 10 : 0);
    }
    assertThat(metrics.lone()).isEqualTo(9);
    assertThat(metrics.means().get("p@1")).isEqualTo(1);
    assertThat(metrics.means().get("rp")).isEqualTo(0.5);
    assertThat(metrics.means().get("map@r")).isCloseTo(0.372698413, offset(5e-10));
    assertThat(metrics.means().get("map")).isCloseTo(0.639996110, offset(5e-10));
  }

  @Test
  void everyThreadCountGivesTheSame() {
    float[] x = gaussian(500 * 8, 7);
    Tensor t = arena.of(x, 500, 8);
    long[] self = LongStream.range(0, 500).toArray();
    NeighbourList one = Neighbours.search(t, t, 9, self, 1);
    for (int threads : new int[] {0, 2, 5}) {
      NeighbourList other = Neighbours.search(t, t, 9, self, threads);
      assertThat(other.ids()).isEqualTo(one.ids());
      assertThat(other.distances()).isEqualTo(one.distances());
    }
  }

  @Test
  void badArgumentsAreNamed() {
    Tensor x = arena.of(gaussian(12, 8), 4, 3);
    Tensor wide = arena.of(gaussian(16, 8), 4, 4);
    Tensor doubles = arena.allocate(DType.F64, 4, 3);
    Tensor none = arena.allocate(DType.F32, 0, 3);
    refused(() -> Neighbours.search(x, x, 5, null, backend), "k: must be 1..4");
    refused(() -> Neighbours.search(x, x, 4, new long[4], backend), "k: must be 1..3");
    refused(() -> Neighbours.search(x, x, 0, null, backend), "k: must be 1..4");
    refused(() -> Neighbours.search(x, wide, 1, null, backend), "gallery: has width 4");
    refused(() -> Neighbours.search(doubles, x, 1, null, backend), "queries: needs float32");
    refused(
        () -> Neighbours.search(none, x, 1, null, backend),
        "queries: needs a floating-point matrix");
    refused(
        () -> Neighbours.search(x, x, 1, new long[3], backend), "selfIds: needs one id per query");
    refused(
        () -> Neighbours.search(x, x, 1, new long[] {0, 1, 2, 4}, backend), "selfIds: every id");
    Tensor nan = arena.of(new float[] {1, Float.NaN}, 2, 1);
    Tensor one = arena.of(new float[] {1, 2}, 2, 1);
    refused(() -> Neighbours.search(nan, one, 1, null, backend), "query row 1 is not finite");
    refused(() -> Neighbours.search(one, nan, 1, null, backend), "gallery row 1 is not finite");
  }

  @Test
  void interruptStopsALongSearch() throws Exception {
    int n = 30_000;
    int d = 256;
    Tensor x = arena.of(gaussian(n * d, 9), n, d);
    InterruptedCall.of(() -> Neighbours.search(x, x, 100, null, backend));
  }

  @Test
  void eightThreadsSearchAtOnce() throws Exception {
    Tensor x = arena.of(gaussian(400 * 16, 10), 400, 16);
    NeighbourList expected = Neighbours.search(x, x, 5, null, backend);
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      Callable<long[]> task = () -> Neighbours.search(x, x, 5, null, backend).ids();
      List<Future<long[]>> results =
          pool.invokeAll(IntStream.range(0, 32).mapToObj(i -> task).toList());
      for (Future<long[]> result : results) {
        assertThat(result.get()).isEqualTo(expected.ids());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  /** The oracle: every distance in double, sorted by distance and then id. */
  private void check(float[] q, float[] g, int d, int k, long[] self) {
    int queries = q.length / d;
    int gallery = g.length / d;
    NeighbourList list =
        Neighbours.search(arena.of(q, queries, d), arena.of(g, gallery, d), k, self, backend);
    for (int i = 0; i < queries; i++) {
      double[] distances = new double[gallery];
      for (int j = 0; j < gallery; j++) {
        for (int l = 0; l < d; l++) {
          double difference = (double) q[i * d + l] - g[j * d + l];
          distances[j] += difference * difference;
        }
      }
      int own = self == null ? -1 : (int) self[i];
      // Sums in another order differ in the last bits: neighbours that close are one tie here.
      Integer[] order =
          IntStream.range(0, gallery)
              .filter(j -> j != own)
              .boxed()
              .sorted(Comparator.comparingDouble((Integer j) -> distances[j]).thenComparing(j -> j))
              .toArray(Integer[]::new);
      for (int r = 0; r < k; r++) {
        int id = (int) list.id(i, r);
        assertThat(list.distance(i, r))
            .isCloseTo(distances[order[r]], offset(1e-13 * distances[order[r]]));
        assertThat(id).isNotEqualTo(own);
        if (id != order[r]) {
          assertThat(distances[id])
              .isCloseTo(distances[order[r]], offset(1e-13 * distances[order[r]]));
        }
        if (r > 0 && list.distance(i, r) == list.distance(i, r - 1)) {
          assertThat(list.id(i, r)).isGreaterThan(list.id(i, r - 1));
        }
      }
    }
  }
}
