package io.vicinal.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.TestDevice;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Batches that are chosen by embeddings, against loops over plain coordinates. */
class BatchSelectionTest {
  @AutoClose private final Backend backend = TestDevice.open();

  private Gram gram(Points points) {
    return Gram.of(points, LongStream.range(0, points.x().length).toArray());
  }

  private static double radius(Points points, int... centres) {
    double radius = 0;
    for (int i = 0; i < points.x().length; i++) {
      double nearest = Double.POSITIVE_INFINITY;
      for (int c : centres) {
        nearest = Math.min(nearest, points.distance(i, c));
      }
      radius = Math.max(radius, nearest);
    }
    return radius;
  }

  @Test
  void theCoresetCoversWithinTwiceTheOptimum() {
    for (int seed = 0; seed < 40; seed++) {
      Points points = Points.random(backend, 11, 2, seed);
      double best = Double.POSITIVE_INFINITY;
      for (int a = 0; a < 11; a++) {
        for (int b = 0; b < a; b++) {
          for (int c = 0; c < b; c++) {
            best = Math.min(best, radius(points, a, b, c));
          }
        }
      }
      int[] chosen =
          Centres.choose(
              gram(points),
              3,
              (squared, g) -> GreedyCoresetSampling.farthest(squared),
              new Xoshiro(seed));
      assertThat(radius(points, chosen)).isLessThanOrEqualTo(2 * best * (1 + 1e-12));
    }
  }

  /** The centres of a batch are those that a naive greedy search finds in its pool. */
  @Test
  void theCoresetIsThatOfANaiveSearch() {
    Points points = Points.random(backend, 60, 3, 1);
    Population of = points.population(6);
    Sampler sampler = new GreedyCoresetSampling(5, 3, 20, false).over(of, 9);
    double covered = 0;
    double coveredAtRandom = 0;
    for (int b = 0; b < 30; b++) {
      long[] batch = sampler.nextBatch();
      int[] pool = LongStream.of(points.asked().get(b)).mapToInt(i -> (int) i).toArray();
      assertThat(pool).hasSize(20).doesNotHaveDuplicates();
      List<Integer> centres = new ArrayList<>(List.of((int) batch[0]));
      while (centres.size() < 5) {
        int farthest = -1;
        double most = -1;
        for (int i : pool) {
          double nearest =
              centres.stream().mapToDouble(c -> points.distance(i, c)).min().orElseThrow();
          if (nearest > most) {
            most = nearest;
            farthest = i;
          }
        }
        centres.add(farthest);
      }
      assertThat(Arrays.copyOf(batch, 5))
          .containsExactly(centres.stream().mapToLong(i -> i).toArray());
      assertThat(batch).hasSize(15).doesNotHaveDuplicates();
      for (int c = 0; c < 5; c++) { // two others of the class of each centre
        assertThat(batch[5 + 2 * c] % 6).isEqualTo(batch[c] % 6);
        assertThat(batch[6 + 2 * c] % 6).isEqualTo(batch[c] % 6);
      }
      covered += radius(points, Arrays.stream(batch).limit(5).mapToInt(i -> (int) i).toArray());
      coveredAtRandom += radius(points, Arrays.copyOf(pool, 5));
    }
    assertThat(covered).isLessThan(coveredAtRandom);
  }

  @Test
  void aSoftenedCoresetTakesOneOfTheFarthest() {
    Points points = Points.random(backend, 200, 2, 4);
    Gram gram = gram(points);
    Sampling.Facts facts = Samplers.facts("greedy-coreset");
    assertThat(facts.needs()).contains(Sampling.Need.EMBEDDINGS);
    Population of = points.population(4);
    Sampler sampler = new GreedyCoresetSampling(2, 1, 200, true).over(of, 9);
    for (int b = 0; b < 100; b++) {
      long[] batch = sampler.nextBatch();
      double[] sorted =
          IntStream.range(0, 200)
              .filter(i -> i != batch[0])
              .mapToDouble(i -> points.distance(i, (int) batch[0]))
              .sorted()
              .toArray();
      double own = points.distance((int) batch[1], (int) batch[0]);
      assertThat(own).isGreaterThanOrEqualTo(sorted[199 - 7] - 1e-9);
    }
    assertThat(gram.size()).isEqualTo(200);
  }

  @Test
  void d2DrawsAsKMeansPlusPlus() {
    Points points = Points.random(backend, 6, 2, 7);
    for (double power : new double[] {1, 2, 0}) {
      Sampler sampler = new D2CoresetSampling(2, 1, 6, power).over(points.population(2), 3);
      int[][] counts = new int[6][6];
      for (int b = 0; b < 12_000; b++) {
        long[] batch = sampler.nextBatch();
        counts[(int) batch[0]][(int) batch[1]]++;
      }
      double square = 0;
      for (int i = 0; i < 6; i++) {
        int first = i;
        double[] weights = new double[6];
        Arrays.setAll(
            weights, j -> j == first ? 0 : Math.pow(points.distance(first, j), 2 * power));
        double sum = Arrays.stream(weights).sum();
        assertThat(counts[i][i]).isZero();
        for (int j = 0; j < 6; j++) {
          double expected = 12_000 / 6.0 * weights[j] / sum;
          square += i == j ? 0 : Math.pow(counts[i][j] - expected, 2) / expected;
        }
      }
      assertThat(square).as("chi square of 29 degrees").isLessThan(58.3); // p = 0.001
    }
  }

  @Test
  void equalPointsGiveDistinctCentres() {
    Points points = Points.of(backend, new double[8][3]);
    Population of = points.population(1);
    for (Sampling sampling :
        List.of(
            new GreedyCoresetSampling(4, 1, 8, false),
            new GreedyCoresetSampling(4, 1, 8, true),
            new D2CoresetSampling(4, 1, 8, 1))) {
      Sampler sampler = sampling.over(of, 1);
      for (int b = 0; b < 10; b++) {
        assertThat(sampler.nextBatch()).hasSize(4).doesNotHaveDuplicates();
      }
    }
  }

  /** Every batch that was compared, with what the product says it costs. */
  private record Trial(int[] part, double cost) {}

  /**
   * Draws batches, and compares each with the cheapest of its candidates by a naive cost.
   *
   * @param cost of rows of a pool and all its rows
   */
  private void assertCheapest(
      Trials.Statistic statistic, BiFunction<double[][], double[][], Double> cost) {
    Points points = Points.random(backend, 120, 4, 2);
    for (int i = 0; i < 120; i++) {
      points.x()[i][0] += i % 8 * 2; // classes that differ
    }
    List<Trial> trials = new ArrayList<>();
    Trials.Statistic watched =
        pool ->
            part -> {
              double own = statistic.cost(pool).applyAsDouble(part);
              trials.add(new Trial(part, own));
              return own;
            };
    Sampler sampler = Trials.sampler(points.population(8), 3, 4, 40, 7, 5, watched);
    double chosen = 0;
    double mean = 0;
    for (int b = 0; b < 12; b++) {
      trials.clear();
      long[] batch = sampler.nextBatch();
      long[] ids = points.asked().get(b);
      assertThat(ids).hasSize(40).doesNotHaveDuplicates();
      double[][] pool = rows(points, ids);
      assertThat(trials).hasSize(7);
      int best = -1;
      double[] costs = new double[7];
      for (int t = 0; t < 7; t++) {
        int[] part = trials.get(t).part();
        costs[t] = cost.apply(rows(points, of(ids, part)), pool);
        assertThat(trials.get(t).cost()).isCloseTo(costs[t], within(1e-9));
        best = best < 0 || costs[t] < costs[best] ? t : best;
      }
      assertThat(batch).containsExactly(of(ids, trials.get(best).part()));
      assertThat(batch).hasSize(12).doesNotHaveDuplicates();
      for (int k = 0; k < 12; k++) {
        assertThat(batch[k] % 8).isEqualTo(batch[k - k % 4] % 8);
      }
      chosen += costs[best];
      mean += Arrays.stream(costs).average().orElseThrow();
    }
    assertThat(chosen).isLessThan(0.9 * mean);
  }

  private static long[] of(long[] ids, int[] part) {
    return IntStream.of(part).mapToLong(k -> ids[k]).toArray();
  }

  private static double[][] rows(Points points, long[] ids) {
    return LongStream.of(ids).mapToObj(i -> points.x()[(int) i]).toArray(double[][]::new);
  }

  @Test
  void theDistanceHistogramIsMatched() {
    assertCheapest(
        pool -> new DisthistSampling.Histograms(pool, 50)::distance,
        (part, pool) -> wasserstein(distances(part), distances(pool), 50));
  }

  private static double[] distances(double[][] rows) {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < i; j++) {
        double sum = 0;
        for (int k = 0; k < rows[i].length; k++) {
          sum += Math.pow(rows[i][k] - rows[j][k], 2);
        }
        all.add(Math.sqrt(sum));
      }
    }
    return all.stream().mapToDouble(d -> d).toArray();
  }

  /** Mass is moved bin by bin from the left; a bin's mass costs its way. */
  private static double wasserstein(double[] part, double[] pool, int bins) {
    double low = Arrays.stream(pool).min().orElseThrow();
    double high = Arrays.stream(pool).max().orElseThrow();
    double carried = 0;
    double work = 0;
    for (int b = 0; b < bins; b++) {
      double from = low + (high - low) * b / bins;
      double to = low + (high - low) * (b + 1) / bins;
      boolean last = b == bins - 1;
      carried += share(part, from, to, last) - share(pool, from, to, last);
      work += Math.abs(carried) * (high - low) / bins;
    }
    return work;
  }

  private static double share(double[] values, double from, double to, boolean last) {
    return Arrays.stream(values).filter(v -> v >= from && (v < to || last)).count()
        / (double) values.length;
  }

  @Test
  void theFrechetDistanceIsMatched() {
    assertCheapest(
        gram -> {
          int[] all = IntStream.range(0, gram.size()).toArray();
          return part -> FidSampling.frechet(gram, part, all);
        },
        BatchSelectionTest::frechet);
  }

  /** By covariances and roots of matrices. */
  private static double frechet(double[][] a, double[][] b) {
    int d = a[0].length;
    double[] ma = mean(a);
    double[] mb = mean(b);
    double[][] ca = covariance(a, ma);
    double[][] cb = covariance(b, mb);
    double[][] root = root(ca);
    double[][] inner = root(multiply(multiply(root, cb), root));
    double sum = 0;
    for (int i = 0; i < d; i++) {
      sum += Math.pow(ma[i] - mb[i], 2) + ca[i][i] + cb[i][i] - 2 * inner[i][i];
    }
    return sum;
  }

  private static double[] mean(double[][] rows) {
    double[] mean = new double[rows[0].length];
    for (double[] row : rows) {
      for (int j = 0; j < mean.length; j++) {
        mean[j] += row[j] / rows.length;
      }
    }
    return mean;
  }

  private static double[][] covariance(double[][] rows, double[] mean) {
    double[][] c = new double[mean.length][mean.length];
    for (double[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        for (int j = 0; j < mean.length; j++) {
          c[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / (rows.length - 1);
        }
      }
    }
    return c;
  }

  private static double[][] multiply(double[][] a, double[][] b) {
    double[][] c = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < c[i].length; j++) {
        for (int k = 0; k < b.length; k++) {
          c[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return c;
  }

  /** The root of a symmetric matrix without negative eigenvalues, by Jacobi's rotations. */
  private static double[][] root(double[][] symmetric) {
    int n = symmetric.length;
    double[][] a = Arrays.stream(symmetric).map(double[]::clone).toArray(double[][]::new);
    double[][] v = new double[n][n];
    for (int i = 0; i < n; i++) {
      v[i][i] = 1;
    }
    for (int sweep = 0; sweep < 60; sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          double angle = 0.5 * Math.atan2(2 * a[p][q], a[q][q] - a[p][p]);
          rotate(a, v, p, q, Math.cos(angle), Math.sin(angle));
        }
      }
    }
    double[][] root = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int k = 0; k < n; k++) {
          root[i][j] += v[i][k] * Math.sqrt(Math.max(0, a[k][k])) * v[j][k];
        }
      }
    }
    return root;
  }

  private static void rotate(double[][] a, double[][] v, int p, int q, double c, double s) {
    for (int k = 0; k < a.length; k++) {
      double x = a[k][p];
      double y = a[k][q];
      a[k][p] = c * x - s * y;
      a[k][q] = s * x + c * y;
      x = v[k][p];
      y = v[k][q];
      v[k][p] = c * x - s * y;
      v[k][q] = s * x + c * y;
    }
    for (int k = 0; k < a.length; k++) {
      double x = a[p][k];
      double y = a[q][k];
      a[p][k] = c * x - s * y;
      a[q][k] = s * x + c * y;
    }
  }

  /** The values of the specification of splits: 24 waves, and the digits. */
  @Test
  void theFrechetDistanceHasTheRecordedValues() {
    double[][] x = new double[24][3];
    for (int c = 0; c < 24; c++) {
      for (int j = 0; j < 3; j++) {
        x[c][j] = Math.sin(1.7 * (c + 1) * (j + 1) + 0.3 * c) + (j == 0 ? 0.15 * c : 0);
      }
    }
    int[] first = IntStream.range(0, 12).map(k -> 7 * k % 24).toArray();
    int[] second = IntStream.range(12, 24).map(k -> 7 * k % 24).toArray();
    Gram waves = gram(Points.of(backend, x));
    assertThat(FidSampling.frechet(waves, first, second)).isCloseTo(1.125905, within(1e-6));
    assertThat(FidSampling.frechet(waves, first, first)).isCloseTo(0, within(1e-7));
    DigitRows digits = DigitRows.first(1797);
    double[][] pixels = digits.rows();
    for (double[] row : pixels) {
      Arrays.setAll(row, j -> row[j] / 16);
    }
    int[] low = IntStream.range(0, 1797).filter(i -> digits.labels()[i] < 5).toArray();
    int[] high = IntStream.range(0, 1797).filter(i -> digits.labels()[i] >= 5).toArray();
    assertThat(FidSampling.frechet(gram(Points.of(backend, pixels)), low, high))
        .isCloseTo(2.088140, within(1e-4));
  }

  @Test
  void oneSampleHasNoSpread() {
    Gram gram = gram(Points.of(backend, new double[][] {{0, 0}, {3, 4}, {3, 4}}));
    int[] one = {0};
    assertThat(FidSampling.frechet(gram, one, new int[] {1, 2})).isCloseTo(25, within(1e-12));
    assertThat(FidSampling.frechet(gram, one, one)).isZero();
    DisthistSampling.Histograms equal =
        new DisthistSampling.Histograms(gram(Points.of(backend, new double[4][2])), 5);
    assertThat(equal.distance(new int[] {0, 1})).isZero();
    assertThat(new DisthistSampling.Histograms(gram, 5).distance(one)).isFinite();
  }

  /** Embeddings in single precision are compared in double. */
  @Test
  void bothTypesOfEmbeddingsChooseTheSame() {
    Points points = Points.random(backend, 60, 3, 1);
    for (double[] row : points.x()) {
      Arrays.setAll(row, j -> (float) row[j]);
    }
    Points single = new Points(backend, points.x(), DType.F32, new ArrayList<>());
    for (Sampling sampling :
        List.of(
            new GreedyCoresetSampling(4, 2, 30, false),
            new D2CoresetSampling(4, 2, 30, 1),
            new DisthistSampling(4, 2, 30, 5, 20),
            new FidSampling(4, 2, 30, 5))) {
      Sampler a = sampling.over(points.population(6), 1);
      Sampler b = sampling.over(single.population(6), 1);
      for (int k = 0; k < 10; k++) {
        assertThat(b.nextBatch()).containsExactly(a.nextBatch());
      }
    }
  }

  /** On real pictures: the chosen ones cover and resemble better than any do. */
  @Test
  void digitsAreCoveredAndMatched() {
    try (Arena arena = Arena.host()) {
      FeatureSet digits = DigitRows.first(600).set(arena, 0, 600);
      double[] flat = digits.features().toDoubles();
      double[][] x = new double[600][];
      Arrays.setAll(x, i -> Arrays.copyOfRange(flat, i * 64, i * 64 + 64));
      Points points = Points.of(backend, x);
      Population of =
          Population.of(LongStream.range(0, 600).toArray(), digits.labels().toLongs())
              .seenBy(points);
      Gram gram = gram(points);
      int[] all = IntStream.range(0, 600).toArray();
      double[] sums = new double[4];
      Sampler any = new ClassRandomSampling(8, 4, "none", 1, false).over(of, 1);
      Sampler cover = new GreedyCoresetSampling(8, 4, 300, false).over(of, 1);
      Sampler match = new FidSampling(8, 4, 300, 10).over(of, 1);
      for (int b = 0; b < 8; b++) {
        int[] random = ints(any.nextBatch());
        sums[0] += radius(points, IntStream.range(0, 8).map(k -> random[4 * k]).toArray());
        sums[1] += radius(points, Arrays.copyOf(ints(cover.nextBatch()), 8));
        sums[2] += FidSampling.frechet(gram, random, all);
        sums[3] += FidSampling.frechet(gram, ints(match.nextBatch()), all);
      }
      assertThat(sums[1]).as("coverage").isLessThan(sums[0]);
      assertThat(sums[3]).as("Fréchet distance").isLessThan(sums[2]);
    }
  }

  private static int[] ints(long[] ids) {
    return LongStream.of(ids).mapToInt(i -> (int) i).toArray();
  }
}
