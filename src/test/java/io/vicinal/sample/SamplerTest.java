package io.vicinal.sample;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SamplerTest {

  /** Label i mod classes for ids 0..n-1. */
  private static long[] labels(int n, int classes) {
    return LongStream.range(0, n).map(i -> i % classes).toArray();
  }

  private static long[] ids(int n) {
    return LongStream.range(0, n).toArray();
  }

  private static BalancedSampler balanced(int n, int classes, int perBatch, int samples) {
    return new BalancedSampler(ids(n), labels(n, classes), perBatch, samples, 1);
  }

  @Test
  void balancedEpochsHaveThePublishedNumberOfBatches() {
    // CUB-200-2011, Cars-196 and In-Shop training sets with their published batches.
    assertThat(balanced(5864, 100, 8, 4).batchesPerEpoch()).isEqualTo(183);
    assertThat(balanced(8054, 98, 8, 4).batchesPerEpoch()).isEqualTo(251);
    assertThat(balanced(25882, 3997, 32, 3).batchesPerEpoch()).isEqualTo(269);
  }

  @Test
  void balancedBatchesHaveDistinctClassesWithEqualCounts() {
    BalancedSampler sampler = balanced(200, 10, 6, 3);
    for (int b = 0; b < 50; b++) {
      long[] batch = sampler.nextBatch();
      Map<Long, Integer> counts = new HashMap<>();
      Arrays.stream(batch).forEach(id -> counts.merge(id % 10, 1, Integer::sum));
      assertThat(counts).hasSize(6);
      assertThat(counts.values()).containsOnly(3);
      assertThat(batch).doesNotHaveDuplicates();
    }
  }

  @Test
  void aClassRepeatsNothingUntilItsListIsUsedUp() {
    BalancedSampler sampler = balanced(44, 2, 2, 4); // 22 ids per class: 5 draws of 4, 2 skipped
    for (int round = 0; round < 4; round++) {
      Set<Long> seen = new HashSet<>();
      for (int b = 0; b < 5; b++) {
        for (long id : sampler.nextBatch()) {
          assertThat(seen.add(id)).isTrue();
        }
      }
      assertThat(seen).hasSize(40);
    }
  }

  @Test
  void cursorsPersistAcrossEpochs() {
    BalancedSampler sampler = balanced(40, 2, 2, 4); // 4 batches per epoch, 5 draws per list
    assertThat(sampler.batchesPerEpoch()).isEqualTo(4);
    Set<Long> seen = new HashSet<>();
    for (int b = 0; b < 5; b++) {
      Arrays.stream(sampler.nextBatch()).forEach(seen::add);
    }
    assertThat(seen).hasSize(40);
  }

  @Test
  void smallClassesContributeAllTheyHave() {
    long[] labels = {0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    BalancedSampler sampler = new BalancedSampler(ids(10), labels, 2, 4, 1);
    for (int b = 0; b < 10; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(batch).hasSize(6).contains(0, 1).doesNotHaveDuplicates();
    }
  }

  @Test
  void classesAreDrawnUniformly() {
    BalancedSampler sampler = balanced(2000, 20, 5, 2);
    int[] counts = new int[20];
    for (int b = 0; b < 4000; b++) {
      for (long id : sampler.nextBatch()) {
        counts[(int) (id % 20)]++;
      }
    }
    // 2000 per class expected in pairs; the standard deviation of a class's draws is about 27.
    assertThat(Arrays.stream(counts).boxed()).allMatch(c -> Math.abs(c - 2000) < 220);
  }

  @Test
  void randomEpochsVisitEveryIdOnce() {
    RandomSampler sampler = new RandomSampler(ids(103), 10, false, 5);
    assertThat(sampler.batchesPerEpoch()).isEqualTo(11);
    List<Long> first = epoch(sampler);
    List<Long> second = epoch(sampler);
    assertThat(first).hasSize(103).doesNotHaveDuplicates();
    assertThat(second).hasSize(103).doesNotHaveDuplicates().isNotEqualTo(first);
  }

  @Test
  void droppingTheLastBatchKeepsTheSizeEqual() {
    RandomSampler sampler = new RandomSampler(ids(103), 10, true, 5);
    assertThat(sampler.batchesPerEpoch()).isEqualTo(10);
    for (int b = 0; b < 25; b++) {
      assertThat(sampler.nextBatch()).hasSize(10);
    }
  }

  private static List<Long> epoch(Sampler sampler) {
    List<Long> all = new ArrayList<>();
    for (int b = 0; b < sampler.batchesPerEpoch(); b++) {
      Arrays.stream(sampler.nextBatch()).forEach(all::add);
    }
    return all;
  }

  @Property(tries = 60)
  void restoredSamplersGoOnExactly(
      @ForAll @IntRange(min = 0, max = 40) int drawn, @ForAll long seed, @ForAll boolean random) {
    Sampler original = make(random, seed);
    for (int b = 0; b < drawn; b++) {
      original.nextBatch();
    }
    Sampler restored = make(random, seed + 1);
    restored.restore(original.state());
    for (int b = 0; b < 30; b++) {
      assertThat(restored.nextBatch()).containsExactly(original.nextBatch());
    }
  }

  private static Sampler make(boolean random, long seed) {
    return random
        ? new RandomSampler(ids(53), 10, false, seed)
        : new BalancedSampler(ids(53), labels(53, 7), 3, 2, seed);
  }

  @Test
  void twoSamplersDoNotDisturbEachOther() {
    Sampler alone = balanced(100, 5, 3, 4);
    Sampler beside = balanced(100, 5, 3, 4);
    Sampler other = new RandomSampler(ids(100), 7, true, 1);
    for (int b = 0; b < 30; b++) {
      other.nextBatch();
      assertThat(beside.nextBatch()).containsExactly(alone.nextBatch());
    }
  }

  @Test
  void foreignStatesAreRefusedAndChangeNothing() {
    Sampler sampler = balanced(100, 5, 3, 4);
    Sampler twin = balanced(100, 5, 3, 4);
    assertThatThrownBy(() -> sampler.restore(balanced(99, 5, 3, 4).state()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("order");
    Map<String, long[]> wrong = balanced(100, 5, 3, 4).state();
    wrong.get("cursors")[2] = 21;
    assertThatThrownBy(() -> sampler.restore(wrong)).hasMessageContaining("21 is outside 0..20");
    assertThat(sampler.nextBatch()).containsExactly(twin.nextBatch());
  }

  @Test
  void dataThatCannotFillABatchIsAnError() {
    refused(() -> balanced(100, 5, 8, 4), "sampler.classes: 8 classes per batch", "have 5");
    refused(() -> balanced(32, 8, 8, 4), "need more than 32 training samples");
    refused(() -> new RandomSampler(ids(5), 10, true, 0), "sampler.batch: 10 is more than the 5");
  }
}
