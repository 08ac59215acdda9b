package io.vicinal.sample;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongToIntFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Samplers that look at classes, weights and lists only. */
class ClassSamplersTest {
  private static final int BATCHES = 3_000;

  /** Class i mod classes for ids 0..n-1. */
  private static Population mod(int n, int classes) {
    long[] ids = LongStream.range(0, n).toArray();
    return Population.of(ids, LongStream.of(ids).map(i -> i % classes).toArray());
  }

  private static int[] counts(Sampler sampler, int kinds, LongToIntFunction kind) {
    int[] counts = new int[kinds];
    for (int b = 0; b < BATCHES; b++) {
      Arrays.stream(sampler.nextBatch()).forEach(id -> counts[kind.applyAsInt(id)]++);
    }
    return counts;
  }

  /** Below the 0.999 quantile of independent draws, by Wilson and Hilferty. */
  private static void assertLikely(int[] counts, double... parts) {
    double all = Arrays.stream(counts).sum();
    double sum = Arrays.stream(parts).sum();
    double square = 0;
    for (int k = 0; k < counts.length; k++) {
      double expected = all * parts[k] / sum;
      square += expected == 0 ? 0 : Math.pow(counts[k] - expected, 2) / expected;
      assertThat(expected == 0 && counts[k] > 0).isFalse();
    }
    double f = counts.length - 1.0;
    double bound = f * Math.pow(1 - 2 / (9 * f) + 3.09 * Math.sqrt(2 / (9 * f)), 3);
    assertThat(square).isLessThan(bound);
  }

  private static double[] alike(int count) {
    double[] parts = new double[count];
    Arrays.fill(parts, 1);
    return parts;
  }

  @Test
  void withoutReplacementNothingIsInABatchTwice() {
    Sampler sampler = new ClassRandomSampling(5, 3, "none", 1, false).over(mod(60, 6), 1);
    for (int b = 0; b < 50; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(batch).hasSize(15).doesNotHaveDuplicates();
      for (int k = 0; k < 15; k++) {
        assertThat(batch[k] % 6).as("class by class").isEqualTo(batch[k - k % 3] % 6);
      }
      assertThat(LongStream.of(batch).map(id -> id % 6).distinct().count()).isEqualTo(5);
    }
  }

  @Test
  void withSamplesReplacedClassesAreStillDistinct() {
    Sampler sampler = new ClassRandomSampling(3, 5, "samples", 1, false).over(mod(16, 4), 1);
    for (int b = 0; b < 50; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(batch).hasSize(15); // of four samples each
      assertThat(LongStream.of(batch).map(id -> id % 4).distinct().count()).isEqualTo(3);
    }
  }

  @Test
  void withAllReplacedAClassComesAgain() {
    Sampler sampler = new ClassRandomSampling(3, 2, "all", 1, false).over(mod(12, 4), 1);
    Set<Long> classesOfABatch = new HashSet<>();
    for (int b = 0; b < 100; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(batch).hasSize(6);
      classesOfABatch.add(LongStream.of(batch).map(id -> id % 4).distinct().count());
    }
    assertThat(classesOfABatch).containsExactlyInAnyOrder(1L, 2L, 3L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "samples", "all"})
  void everySampleOfEqualClassesIsAsLikely(String replacement) {
    Sampler sampler = new ClassRandomSampling(2, 2, replacement, 1, false).over(mod(20, 5), 4);
    assertLikely(counts(sampler, 20, id -> (int) id), alike(20));
  }

  /** floor(N/B) batches, as published: CUB's and Cars' default of 2 a class in 112. */
  @Test
  void epochsHaveThePublishedNumberOfBatches() {
    assertThat(epoch(5864, 100, 112)).isEqualTo(52);
    assertThat(epoch(8054, 98, 112)).isEqualTo(71);
  }

  private static int epoch(int n, int classes, int batch) {
    return new ClassRandomSampling(batch / 2, 2, "all", 1, false)
        .over(mod(n, classes), 1)
        .batchesPerEpoch();
  }

  @Test
  void twoPartsGetTheirPartsOfTheDraws() {
    Sampler sampler = new ClassRandomSampling(5, 2, "none", 0.4, false).over(mod(100, 10), 1);
    for (int b = 0; b < 50; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(LongStream.of(batch).filter(id -> id % 10 < 4).count()).isEqualTo(4);
      assertThat(batch).hasSize(10);
    }
    refused(
        () -> new ClassRandomSampling(12, 2, "none", 0.4, false).over(mod(100, 10), 1),
        "sampler.classes: 8 of the 6 classes");
  }

  @Test
  void twiceListsHalfTheDrawsTwice() {
    Sampler sampler = new ClassRandomSampling(6, 2, "none", 1, true).over(mod(100, 10), 1);
    assertThat(sampler.batchSize()).isEqualTo(12);
    for (int b = 0; b < 20; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(Arrays.copyOf(batch, 6)).doesNotHaveDuplicates();
      assertThat(Arrays.copyOfRange(batch, 6, 12)).containsExactly(Arrays.copyOf(batch, 6));
    }
  }

  @Test
  void aSmallClassGivesAllItHas() {
    Population of =
        Population.of(LongStream.range(0, 10).toArray(), new long[] {7, 7, 3, 3, 3, 3, 3, 3, 3, 3});
    for (Sampling sampling :
        List.of(
            new ClassRandomSampling(2, 4, "none", 1, false), new HierarchicalSampling(2, 4, 1))) {
      Sampler sampler = sampling.over(of.grouped(new long[10]), 1);
      for (int b = 0; b < 10; b++) {
        assertThat(sampler.nextBatch()).hasSize(6).contains(0, 1).doesNotHaveDuplicates();
      }
    }
  }

  /** Classes of one, two and seventeen samples. */
  private static Population unequal() {
    return Population.of(
        LongStream.range(0, 20).toArray(),
        LongStream.range(0, 20).map(i -> i == 0 ? 0 : i < 3 ? 1 : 2).toArray());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fullRandomBatchesHaveAPositivePair(boolean replacement) {
    Sampler sampler = new FullRandomSampling(4, replacement).over(mod(200, 100), 1);
    for (int b = 0; b < 300; b++) {
      long[] batch = sampler.nextBatch();
      boolean pair = false;
      for (int i = 0; i < 3; i++) {
        pair |= batch[i] % 100 == batch[3] % 100 && batch[i] != batch[3];
      }
      assertThat(pair).as("of " + Arrays.toString(batch)).isTrue();
      assertThat(batch).hasSize(4);
    }
  }

  @Test
  void fullRandomDrawsAnyClassAndThenAnySample() {
    // A batch of two: the first is any class's any sample, the second one of its class if it can.
    Sampler sampler = new FullRandomSampling(2, false).over(unequal(), 3);
    int[] firsts = new int[20];
    for (int b = 0; b < BATCHES; b++) {
      long[] batch = sampler.nextBatch();
      firsts[(int) batch[0]]++;
      assertThat(batch).doesNotHaveDuplicates();
      assertThat(batch[0] == 0 || unequal().classOf((int) batch[0]) == classOf(batch[1])).isTrue();
    }
    double[] parts = new double[20];
    Arrays.setAll(parts, i -> i == 0 ? 1 : i < 3 ? 1 / 2.0 : 1 / 17.0);
    assertLikely(firsts, parts);
  }

  private static int classOf(long id) {
    return unequal().classOf((int) id);
  }

  @Test
  void fullRandomCanTakeEverything() {
    Sampler sampler = new FullRandomSampling(20, false).over(unequal(), 3);
    for (int b = 0; b < 20; b++) {
      assertThat(sampler.nextBatch()).hasSize(20).doesNotHaveDuplicates();
    }
  }

  @Test
  void hierarchicalBatchesAreOfFewSuperClasses() {
    // Classes 0..11, class c of super-class c mod 4: each has three classes.
    Population of = mod(120, 12);
    Population grouped = of.grouped(LongStream.range(0, 120).map(i -> i % 12 % 4).toArray());
    Sampler sampler = new HierarchicalSampling(5, 3, 2).over(grouped, 1);
    int[] tuples = new int[16];
    for (int b = 0; b < BATCHES; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(batch).hasSize(15).doesNotHaveDuplicates();
      assertThat(LongStream.of(batch).map(id -> id % 12).distinct().count()).isEqualTo(5);
      long[] supers = LongStream.of(batch).map(id -> id % 4).distinct().sorted().toArray();
      assertThat(supers).hasSize(2);
      long larger = batch[0] % 4; // the first gets the odd class
      assertThat(LongStream.of(batch).filter(id -> id % 4 == larger).count()).isEqualTo(9);
      tuples[(int) (4 * supers[0] + supers[1])]++;
    }
    double[] parts = new double[16];
    Arrays.setAll(parts, k -> k / 4 < k % 4 ? 1 : 0);
    assertLikely(tuples, parts);
  }

  @Test
  void weightedDrawsFollowTheWeights() {
    double[] weights = {0, 1, 2, 3, 0, 0.5, 1e-300, 4};
    Population of = mod(8, 2).weighted(weights);
    assertLikely(counts(new WeightedSampling(4, true).over(of, 1), 8, id -> (int) id), weights);
    // Without replacement the first of a batch follows them, and no later one repeats it.
    Sampler distinct = new WeightedSampling(3, false).over(of, 1);
    int[] firsts = new int[8];
    int[] seconds = new int[8];
    for (int b = 0; b < BATCHES; b++) {
      long[] batch = distinct.nextBatch();
      assertThat(batch).hasSize(3).doesNotHaveDuplicates();
      firsts[(int) batch[0]]++;
      seconds[(int) batch[1]]++;
    }
    assertLikely(firsts, weights);
    double sum = Arrays.stream(weights).sum();
    double[] second = new double[8];
    for (int i = 0; i < 8; i++) {
      for (int j = 0; j < 8; j++) {
        second[j] += i == j ? 0 : weights[i] / sum * weights[j] / (sum - weights[i]);
      }
    }
    assertLikely(seconds, second);
  }

  @Test
  void hugeAndTinyWeightsAreWeights() {
    Population of = mod(4, 2).weighted(1e308, 1e308, 1e308, 0);
    assertLikely(counts(new WeightedSampling(2, true).over(of, 2), 4, id -> (int) id), 1, 1, 1, 0);
    refused(
        () -> new WeightedSampling(2, true).over(of.weighted(1, -1, 1, 1), 1),
        "the weight of sample 1 is -1.0");
    refused(() -> new WeightedSampling(2, true).over(of.weighted(1, Double.NaN, 1, 1), 1), "NaN");
    refused(
        () -> new WeightedSampling(2, true).over(of.weighted(0, 0, 0, 0), 1),
        "0 training samples have weights above 0");
    refused(
        () -> new WeightedSampling(4, false).over(of, 1), "3 training samples", "a batch needs 4");
  }

  @Test
  void listedBatchesComeAsTheyAreWithoutStrangers() {
    Population of =
        Population.of(new long[] {5, 2, 9, 0}, new long[] {1, 1, 2, 2})
            .listed(new long[][] {{2, 9, -1}, {7, 7, 7}, {0, 7, 5}, {9, 9, 2}});
    Sampler sampler = new ListedSampling().over(of, 1);
    assertThat(sampler.batchesPerEpoch()).isEqualTo(3);
    assertThat(sampler.batchSize()).isEqualTo(3);
    for (int epoch = 0; epoch < 2; epoch++) {
      assertThat(sampler.nextBatch()).containsExactly(2, 9);
      assertThat(sampler.nextBatch()).containsExactly(0, 5);
      assertThat(sampler.nextBatch()).containsExactly(9, 9, 2);
    }
    refused(
        () -> new ListedSampling().over(of.listed(new long[][] {{7}}), 1),
        "lists none of the training samples");
  }
}
