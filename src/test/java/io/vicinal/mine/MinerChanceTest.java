package io.vicinal.mine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.loss.Compat;
import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How often miners choose what, with fixed seeds. */
class MinerChanceTest {
  private static final MiningBatch EIGHT = MiningBatch.eight();
  private static Backend backend;

  @BeforeAll
  static void open() {
    backend = TestDevice.open();
  }

  @AfterAll
  static void close() {
    backend.close();
  }

  /** Rows of many runs over one batch with one generator. */
  private static List<List<Integer>> mine(MiningBatch batch, int times, Miner miner) {
    Candidates candidates = batch.candidates(backend);
    Xoshiro generator = Miners.generator(5);
    List<List<Integer>> rows = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      rows.addAll(MiningBatch.rows(Miners.mine(miner, candidates, generator)));
    }
    return rows;
  }

  private static Miner miner(String name) {
    return Miners.create(name, Map.of());
  }

  /** Within five standard deviations of what chi squared is, of counts against probabilities. */
  private static void agree(long[] counts, double[] probabilities) {
    long all = Arrays.stream(counts).sum();
    double total = Arrays.stream(probabilities).sum();
    double squares = 0;
    int cells = 0;
    for (int k = 0; k < counts.length; k++) {
      double expected = all * probabilities[k] / total;
      if (expected == 0) {
        assertThat(counts[k]).as("cell %d", k).isZero();
      } else {
        squares += (counts[k] - expected) * (counts[k] - expected) / expected;
        cells++;
      }
    }
    assertThat(squares).isLessThanOrEqualTo(cells - 1 + 5 * Math.sqrt(2.0 * (cells - 1)));
  }

  private static long[] column(List<List<Integer>> rows, int anchor, int column, int size) {
    long[] counts = new long[size];
    rows.stream().filter(t -> t.get(0) == anchor).forEach(t -> counts[t.get(column)]++);
    return counts;
  }

  /** Section 4.1 of the facts about ooDML: anchor 0, its own class left out. */
  @Test
  void negativesAreAsLikelyAsTheirDistancesAreRare() {
    double[] golden = {0, 0, 0.128073, 0.168638, 0.221202, 0.123658, 0.236504, 0.121924};
    List<List<Integer>> rows = mine(EIGHT, 20_000, miner("distance"));
    agree(column(rows, 0, 2, 8), golden);
    for (int a = 0; a < 8; a++) {
      agree(column(rows, a, 2, 8), weights(EIGHT, a, 0.5, 9));
    }
  }

  @Test
  void cutoffsOfDistances() {
    List<List<Integer>> rows = mine(EIGHT, 20_000, new DistanceMiner(1.2, 1.4));
    for (int a = 0; a < 8; a++) {
      agree(column(rows, a, 2, 8), weights(EIGHT, a, 1.2, 1.4));
    }
    List<List<Integer>> all = mine(EIGHT, 5_000, new DistanceMiner(0.001, 0.001));
    agree(column(all, 0, 2, 8), new double[] {0, 0, 1, 1, 1, 1, 1, 1});
  }

  /** As published code has it, by name: samples 0 and 1 have no positive but themselves. */
  @Test
  void aloneASampleIsItsOwnPositive() {
    MiningBatch b = MiningBatch.of(EIGHT.x(), i -> i == 0 ? 9 : i / 2);
    Compat defect = Compat.DISTANCE_ALONE;
    int times = 10_000;
    List<List<Integer>> rows = mine(b, times, Miners.create(defect.owner(), defect.params()));
    for (int a = 0; a < 8; a++) {
      long own = column(rows, a, 1, 8)[a];
      assertThat(own).as("anchor %d", a).isEqualTo(a < 2 ? times : 0);
      agree(column(rows, a, 2, 8), weights(b, a, 0.5, 9));
    }
    assertThat(mine(b, 50, miner("distance"))).noneMatch(t -> t.get(0) < 2).hasSize(50 * 6);
  }

  private static double[] weights(MiningBatch b, int a, double least, double most) {
    double[] weights = new double[b.size()];
    int m = b.x()[0].length;
    for (int n = 0; n < weights.length; n++) {
      double d = b.distance(a, n);
      double at = Math.max(d, least);
      weights[n] =
          b.negative(a, n) && d <= most
              ? Math.pow(at, 2 - m) * Math.pow(1 - at * at / 4, (3 - m) / 2.0)
              : 0;
    }
    return weights;
  }

  /** In 512 dimensions weights span hundreds of orders of magnitude. */
  @Test
  void distancesInManyDimensions() {
    Random random = new Random(3);
    double[][] x = new double[6][512];
    for (double[] row : x) {
      Arrays.setAll(row, k -> random.nextGaussian());
    }
    for (int k = 0; k < 512; k++) {
      x[2][k] = x[0][k] + 0.5 * x[2][k]; // near
      x[3][k] = -x[0][k] + 0.1 * x[3][k]; // nearly opposite
    }
    MiningBatch b = MiningBatch.of(x, i -> i < 2 ? 0 : i).unit();
    List<List<Integer>> rows = mine(b, 2_000, miner("distance"));
    assertThat(column(rows, 0, 2, 6)).containsExactly(0, 0, 0, 2_000, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({"distance", "semihard", "rho-distance", "n-pair", "parametric"})
  void positivesAreEquallyLikely(String name) {
    MiningBatch b = MiningBatch.of(MiningBatch.waves().x(), i -> i / 4);
    List<List<Integer>> rows =
        mine(b, 5_000, miner(name)).stream()
            .filter(t -> name.equals("n-pair") ? t.get(2) == 1 : t.get(0) != t.get(1))
            .toList();
    agree(column(rows, 5, 1, 12), new double[] {0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0});
  }

  @Test
  void everyTripletIsEquallyLikelyAtRandom() {
    MiningBatch b = MiningBatch.line(0, 0, 0, 1, 2, 2); // anchor 0 has 6, anchor 4 has 4, 3 none
    List<List<Integer>> all = b.triplets((a, p, n) -> true);
    Map<List<Integer>, Integer> index = new HashMap<>();
    all.forEach(t -> index.put(t, index.size()));
    long[] counts = new long[all.size()];
    mine(b, 10_000, miner("random")).forEach(t -> counts[index.get(t)]++);
    double[] equal = new double[all.size()];
    Arrays.fill(equal, 1);
    agree(counts, equal);
  }

  @Test
  void switchesAreAsOftenAsAsked() {
    int times = 4_000;
    List<List<Integer>> rows = mine(EIGHT, times, new RhoDistanceMiner(0.35, 0.5, 2));
    double switched = rows.stream().filter(t -> t.get(0).equals(t.get(1))).count();
    double all = 8.0 * times;
    assertThat(switched / all).isCloseTo(0.35, within(4 * Math.sqrt(0.35 * 0.65 / all)));
    assertThat(rows).allMatch(t -> t.get(0).equals(t.get(1)) == EIGHT.positive(t.get(0), t.get(2)));
    assertThat(mine(EIGHT, 50, new RhoDistanceMiner(0, 0.5, 2)))
        .isEqualTo(mine(EIGHT, 50, miner("distance")));
    assertThat(mine(EIGHT, 50, new RhoDistanceMiner(1, 0.5, 2)))
        .allMatch(t -> t.get(0).equals(t.get(1)));
  }

  /** The true class decides nothing: any other sample is positive as often. */
  @Test
  void shuffledLabelsKnowNoClass() {
    List<List<Integer>> rows = mine(EIGHT, 20_000, miner("random-distance"));
    agree(column(rows, 3, 1, 8), new double[] {1, 1, 1, 0, 1, 1, 1, 1});
    assertThat(column(rows, 3, 2, 8)[2]).as("its own class as negative").isPositive();
  }

  @Test
  void classesAreEquallyLikelyInside() {
    MiningBatch b = MiningBatch.line(7, 7, 7, 7, 7, 3, 3, 1);
    long[] counts = new long[3];
    mine(b, 5_000, miner("intra-random"))
        .forEach(t -> counts[t.get(0) < 5 ? 0 : t.get(0) < 7 ? 1 : 2]++);
    agree(counts, new double[] {1, 1, 1});
  }

  /** Bins of 0.2 from 0.1 to 1.9; all that a mode does not want weighs next to nothing. */
  @ParameterizedTest
  @CsvSource({
    "uniform, 0 1 1 1 1 0",
    "hards, 0 1 1 0 0 0",
    "semihards, 0 0 1 1 0 0",
    "veryhards, 0 1 0 0 0 0"
  })
  void binsThatAModeWants(String mode, String wanted) {
    double[] at = {0, 0, 0.05, 0.2, 0.4, 0.6, 1.2, 2.5}; // anchor and positive, then negatives
    double[][] x = Arrays.stream(at).mapToObj(v -> new double[] {v, 0}).toArray(double[][]::new);
    x[1][1] = 0.1;
    MiningBatch b = MiningBatch.of(x, i -> i < 2 ? 0 : i);
    double[] weights = new double[8];
    String[] words = wanted.split(" ");
    Arrays.setAll(weights, n -> n < 2 ? 0 : Double.parseDouble(words[n - 2]));
    List<List<Integer>> rows = mine(b, 4_000, Miners.create("parametric", Map.of("mode", mode)));
    agree(column(rows, 0, 2, 8), weights);
  }

  @Test
  void pairsOfABinAreEquallyLikely() {
    MiningBatch b = MiningBatch.line(0, 0, 0, 0, 1);
    List<List<Integer>> rows = mine(b, 5_000, new UniformHistogramMiner(1, 5, 1));
    long[] counts = new long[16];
    rows.stream().filter(t -> t.get(2) == 1).forEach(t -> counts[4 * t.get(0) + t.get(1)]++);
    double[] equal = new double[16];
    Arrays.setAll(equal, k -> k % 5 == 0 ? 0 : 1);
    agree(counts, equal);
  }
}
