package io.vicinal.sample;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every sampler by being registered. */
class SamplersTest {
  private static final int SAMPLES = 90;
  private static final int CLASSES = 9;

  @AutoClose private final Backend backend = Backend.open("cpu", BackendOptions.defaults());

  static List<String> names() {
    return Samplers.names();
  }

  /** Small batches: 3 classes of 2, or 6 samples; what else there is at its default. */
  private static Sampling small(String name) {
    List<String> has = Samplers.parameters(name).stream().map(Samplers.Parameter::name).toList();
    if (has.contains("classes")) {
      return Samplers.create(name, Map.of("classes", 3, "samples", 2));
    }
    return Samplers.create(name, has.contains("batch") ? Map.of("batch", 6) : Map.of());
  }

  /** With everything that a sampler can need. */
  private Population population(int samples, int classes) {
    return with(Points.random(backend, Math.max(1, samples), 5, 3).population(classes));
  }

  private static Population with(Population bare) {
    int n = bare.size();
    return bare.weighted(LongStream.range(0, n).mapToDouble(i -> 1 + i % 4).toArray())
        .grouped(LongStream.range(0, n).map(i -> bare.classOf((int) i) % 3).toArray())
        .listed(
            LongStream.range(0, 7)
                .mapToObj(b -> LongStream.range(b, b + 6).toArray())
                .toArray(long[][]::new));
  }

  @ParameterizedTest
  @MethodSource("names")
  void sayWhatTheyAre(String name) {
    Sampling.Facts facts = Samplers.facts(name);
    assertThat(facts.rule()).isNotBlank();
    Map<String, Object> params = Samplers.params(Samplers.create(name, Map.of()));
    assertThat(Samplers.create(name, params)).isEqualTo(Samplers.create(name, Map.of()));
    assertThat(params.keySet())
        .containsExactlyElementsOf(
            Samplers.parameters(name).stream().map(Samplers.Parameter::name).toList());
  }

  @ParameterizedTest
  @MethodSource("names")
  void thePageHasIt(String name) {
    StringJoiner params = new StringJoiner(" ");
    Samplers.params(Samplers.create(name, Map.of()))
        .forEach((key, value) -> params.add("`" + key + "=" + value + "`"));
    String row = "| `" + name + "` | " + (params.length() == 0 ? "" : params + " ") + "|";
    assertThat(Path.of("docs/samplers.md")).content().contains(row);
  }

  @ParameterizedTest
  @MethodSource("names")
  void batchesAreOfTheSamplesAndAsLargeAsSaid(String name) {
    Population of = population(SAMPLES, CLASSES);
    Sampler sampler = small(name).over(of, 1);
    assertThat(sampler.batchSize()).isEqualTo(6);
    int epoch = name.equals("listed") ? 7 : name.equals("balanced") ? (SAMPLES - 1) / 6 : 15;
    assertThat(sampler.batchesPerEpoch()).isEqualTo(epoch);
    for (int b = 0; b < 40; b++) {
      long[] batch = sampler.nextBatch();
      assertThat(batch).hasSize(6);
      assertThat(LongStream.of(batch)).allMatch(id -> id >= 0 && id < SAMPLES);
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void aSeedFixesTheBatchesOnAnyNumberOfThreads(String name) {
    List<long[]> first = batches(small(name).over(population(SAMPLES, CLASSES), 5));
    try (Backend three = Backend.open("cpu", new BackendOptions(3, 0, "auto", "float32"))) {
      Population other = with(Points.random(three, SAMPLES, 5, 3).population(CLASSES));
      assertThat(batches(small(name).over(other, 5))).containsExactlyElementsOf(first);
      if (!name.equals("listed")) {
        assertThat(batches(small(name).over(other, 6))).isNotEqualTo(first);
      }
    }
  }

  private static List<long[]> batches(Sampler sampler) {
    List<long[]> batches = new ArrayList<>();
    for (int b = 0; b < 20; b++) {
      batches.add(sampler.nextBatch());
    }
    return batches;
  }

  @ParameterizedTest
  @MethodSource("names")
  void restoredAnywhereTheyGoOn(String name) {
    Population of = population(SAMPLES, CLASSES);
    Sampler original = small(name).over(of, 5);
    for (int drawn = 0; drawn < 33; drawn++) {
      Sampler restored = small(name).over(of, 99);
      restored.restore(original.state());
      assertThat(restored.nextBatch()).containsExactly(original.nextBatch());
    }
    Map<String, long[]> foreign = Map.of("cursor", new long[] {5_000}, "generator", new long[4]);
    assertThatThrownBy(() -> original.restore(foreign))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** One class, fewer classes than asked, classes of one sample, one sample, none, equal ones. */
  @ParameterizedTest
  @CsvSource({"90, 1", "90, 2", "7, 7", "6, 6", "1, 1", "0, 1"})
  void nastyDataAreRefusedInASentenceOrGiveBatches(int samples, int classes) {
    for (String name : names()) {
      for (Population of :
          List.of(
              population(samples, classes),
              with(Points.of(backend, new double[Math.max(1, samples)][5]).population(classes)))) {
        Population some = samples == 0 ? with(Population.of(new long[0], new long[0])) : of;
        try {
          Sampler sampler = small(name).over(some, 2);
          for (int b = 0; b < 30; b++) {
            long[] batch = sampler.nextBatch();
            assertThat(batch).as(name).isNotEmpty();
            assertThat(LongStream.of(batch)).allMatch(id -> id >= 0 && id < samples);
            assertThat(batch.length).isLessThanOrEqualTo(sampler.batchSize());
          }
        } catch (InputException e) {
          assertThat(e).as(name).hasMessageContaining("sampler").hasMessageContaining(";");
        }
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Population of = population(SAMPLES, CLASSES);
    refused(() -> Samplers.create("randm", Map.of()), "sampler: 'randm' is unknown", "balanced");
    refused(() -> Samplers.create("fid-batchmatch", Map.of("pol", 3)), "pol", "pool, candidates");
    refused(() -> Samplers.create("greedy-coreset", Map.of("pool", 0)), "pool '0'");
    refused(() -> new FullRandomSampling(91, false).over(of, 1), "batches of 91", "found 90");
    refused(() -> new FidSampling(10, 2, 512, 10).over(of, 1), "sampler.classes: 10", "have 9");
    refused(() -> new HierarchicalSampling(8, 2, 4).over(of, 1), "sampler.supers: 4", "have 3");
    refused(() -> new HierarchicalSampling(2, 2, 3).over(of, 1), "2 of 3 super-classes");
    assertThatThrownBy(
            () -> new FidSampling(3, 2, 512, 10).over(Population.of(ids(9), ids(9)), 1).nextBatch())
        .hasMessageContaining("needs embeddings");
  }

  @Test
  void anEmbeddingThatIsNotFiniteIsNamed() {
    double[][] x = new double[SAMPLES][5];
    Arrays.stream(x).forEach(row -> row[2] = Double.NaN);
    Population of = Points.of(backend, x).population(CLASSES);
    refused(
        () -> new GreedyCoresetSampling(3, 2, 50, false).over(of, 1).nextBatch(),
        "NaN or infinite",
        "learning rate");
  }

  private static long[] ids(int count) {
    return LongStream.range(0, count).toArray();
  }
}
