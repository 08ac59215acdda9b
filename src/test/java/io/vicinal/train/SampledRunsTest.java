package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Npy;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Sampling;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs with every sampler that there is. */
class SampledRunsTest extends QuickRuns {
  private static final int SAMPLES = 240;

  static List<String> names() {
    return Samplers.names();
  }

  private FeatureSet data() {
    return Samples.clouds(arena, SAMPLES, 12, 6);
  }

  /** The sampler's section, with small batches. */
  private String section(String name) {
    StringBuilder section = new StringBuilder("sampler={\"name\":\"" + name + "\"");
    for (Samplers.Parameter parameter : Samplers.parameters(name)) {
      section.append(
          switch (parameter.name()) {
            case "batch" -> ",\"batch\":20";
            case "classes" -> ",\"classes\":4";
            case "samples" -> ",\"samples\":5";
            case "pool" -> ",\"pool\":60";
            default -> "";
          });
    }
    for (Sampling.Need need : Samplers.facts(name).needs()) {
      if (need.isFile()) {
        section.append(",\"file\":\"").append(file(need)).append('"');
      }
    }
    return section.append('}').toString();
  }

  private Path file(Sampling.Need need) {
    return switch (need) {
      case WEIGHTS -> write(LongStream.range(0, SAMPLES).map(i -> 1 + i % 3).toArray(), SAMPLES);
      case SUPER_CLASSES ->
          write(LongStream.range(0, SAMPLES).map(i -> i % 6 / 2).toArray(), SAMPLES);
      default -> write(LongStream.range(0, 200).map(i -> 7 * i % SAMPLES).toArray(), 10, 20);
    };
  }

  private Path write(long[] values, long... dims) {
    Path file = folder.resolve("of-samples.npy");
    Npy.write(file, arena.of(values, dims));
    return file;
  }

  @ParameterizedTest
  @MethodSource("names")
  void stoppedAndResumedTheyEndTheSame(String name) throws IOException {
    RunConfig config = quick(section(name), "epochs=2", "checkpointSteps=2", "compute.threads=2");
    TrainResult whole =
        Trainer.train(config, data(), folder.resolve("whole"), RunMode.NEW, TrainingListener.NONE);
    assertThat(whole.steps()).isGreaterThanOrEqualTo(16);
    int stops = 0;
    TrainResult resumed = null;
    while (resumed == null) {
      int[] seen = {0};
      try {
        resumed =
            Trainer.train(
                config,
                data(),
                folder.resolve("run"),
                RunMode.RESUME,
                Samples.stepping(
                    step -> {
                      if (++seen[0] == 5) {
                        throw new IllegalStateException("stopped by the test");
                      }
                    }));
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage("stopped by the test");
        stops++;
      }
    }
    assertThat(stops).isGreaterThan(2);
    assertThat(Files.readAllBytes(resumed.head())).isEqualTo(Files.readAllBytes(whole.head()));
  }

  /** A head in memory, as for a fold, is trained with every sampler too. */
  @ParameterizedTest
  @MethodSource("names")
  void partsOfTheDataAreSampled(String name) {
    RunConfig config = quick(section(name), "epochs=1");
    FeatureSet data = data();
    long[] labels = Arrays.stream(data.labels().toLongs()).map(y -> y - 10).toArray();
    long[] part = LongStream.range(0, 90).toArray();
    try (Backend backend = Backend.open("cpu");
        Arena own = Arena.host()) {
      assertThat(
              HeadTraining.of(backend, config)
                  .train(data.features(), Supervision.hard(6, labels), part, own)
                  .embedding())
          .isEqualTo(8);
    }
  }

  @Test
  void whatAFileLacksIsSaid() {
    refused(() -> quick("sampler.name=weighted"), "sampler.file: is missing", "[N], a weight");
    refused(() -> quick("sampler.name=greedy"), "sampler.name: expected one of random, balanced");
    refused(
        () -> quick("sampler={\"name\":\"fid-batchmatch\",\"pool\":0}"),
        "sampler.pool: expected an integer from 1 to 16384, found 0");
    refused(
        () -> quick("sampler={\"name\":\"d2-coreset\",\"power\":-1}"),
        "sampler.power: expected a number from 0 to 16, found -1");
    refused(
        () -> quick("sampler={\"name\":\"class-random\",\"replacement\":\"some\"}"),
        "sampler.replacement: expected one of none, samples, all");
    refused(
        () -> quick("sampler={\"name\":\"class-random\",\"pool\":9}"),
        "sampler.pool: unknown key",
        "replacement");
    write(new long[] {1, 2, 3}, 3);
    RunConfig short3 = quick("sampler={\"name\":\"weighted\",\"file\":\"" + of() + "\"}");
    refused(() -> run(folder.resolve("a"), short3), "has 3 values for 240 samples");
    RunConfig line = quick("sampler={\"name\":\"listed\",\"file\":\"" + of() + "\"}");
    refused(() -> run(folder.resolve("b"), line), "a row of sample ids for each batch");
    write(new long[] {1, 2, 240, 3}, 2, 2);
    refused(() -> run(folder.resolve("c"), line), "240.0 in row 1", "0 to 239");
    write(new long[] {1, 2, -7, 3}, 2, 2);
    refused(() -> run(folder.resolve("d"), line), "-7.0 in row 1", "or -1 for none");
  }

  private Path of() {
    return folder.resolve("of-samples.npy");
  }

  @Test
  void thePoolIsPartOfTheEstimate() {
    RunConfig config = quick("sampler={\"name\":\"fid-batchmatch\",\"pool\":100}");
    // Features of 12 floats, embeddings of 8 doubles, and the products of all.
    assertThat(MemoryEstimate.of(config, 240, 12, 6, 0).bytes())
        .containsEntry("candidates", 100L * (4 * 12 + 8 * 8 + 8 * 100));
    assertThat(MemoryEstimate.of(config, 50, 12, 6, 0).bytes())
        .containsEntry("candidates", 50L * (4 * 12 + 8 * 8 + 8 * 50));
  }

  /** A batch of a file has as many samples as the file has columns. */
  @Test
  void listedBatchesAndVelocitiesArePartOfTheEstimate() {
    RunConfig listed = quick(section("listed"));
    assertThat(MemoryEstimate.of(listed, 240, 12, 6, 0).bytes())
        .containsEntry("batch", 20L * (4 * 12 + 16));
    String sgd = "optimizer={\"name\":\"sgd\",\"momentum\":0,\"groups\":{%s}}";
    RunConfig one = quick(sgd.formatted("\"weight\":{\"momentum\":0.9}"));
    RunConfig none = quick(sgd.formatted(""));
    String moments = "optimizer moments";
    assertThat(MemoryEstimate.of(one, 240, 12, 6, 0).bytes()).containsEntry(moments, 4L * 8 * 12);
    assertThat(MemoryEstimate.of(none, 240, 12, 6, 0).bytes()).containsEntry(moments, 0L);
    RunConfig rms =
        quick(
            "optimizer={\"name\":\"rmsprop\",\"centered\":true,\"groups\":"
                + "{\"proxies\":{\"momentum\":0.9}}}");
    long all = 4L * (8 * 12 + 8 + 6 * 8);
    assertThat(MemoryEstimate.of(rms, 240, 12, 6, 0).bytes())
        .containsEntry(moments, 2 * all + 4 * 6 * 8);
  }

  /** The copy of the head that makes keys, and what compares the whole memory with itself. */
  @Test
  void memoriesArePartOfTheEstimate() {
    RunConfig moco = quick("loss.name=moco", "memory.size=100");
    assertThat(MemoryEstimate.of(moco, 240, 12, 6, 0).bytes())
        .containsEntry("copy of the head", 4L * (8 * 12 + 8))
        .doesNotContainKey("pairs in the memory");
    String swap = "loss={\"name\":\"triplet\",\"swap\":true}";
    for (String loss : List.of("loss.name=angular", "loss.name=quadruplet", swap)) {
      assertThat(MemoryEstimate.of(quick(loss, "memory.size=100"), 240, 12, 6, 0).bytes())
          .containsEntry("pairs in the memory", 120L * 120 * 4 * 4)
          .doesNotContainKey("copy of the head");
    }
    for (String loss : List.of("triplet", "contrastive", "lifted-structure")) {
      RunConfig others = quick("loss.name=" + loss, "memory.size=100");
      assertThat(MemoryEstimate.of(others, 240, 12, 6, 0).bytes())
          .doesNotContainKey("pairs in the memory");
    }
  }

  /** Six classes in super-classes of one, two and three: batches of two times two. */
  @Test
  void smallSuperClassesAreCounted() {
    long[] supers =
        LongStream.range(0, SAMPLES)
            .map(i -> new long[] {0, 1, 1, 2, 2, 2}[(int) (i % 6)])
            .toArray();
    String file = write(supers, SAMPLES).toString();
    String section =
        "sampler={\"name\":\"hierarchical\",\"classes\":%d,\"samples\":4,\"file\":\""
            + file
            + "\"}";
    long[] labels = LongStream.range(0, SAMPLES).map(i -> i % 6).toArray();
    FeatureSet data = new FeatureSet(data().features(), arena.of(labels, SAMPLES), "clouds");
    List<String> notes = new ArrayList<>();
    Trainer.train(
        quick(section.formatted(3), "epochs=0"),
        data,
        folder.resolve("three"),
        RunMode.NEW,
        noting(notes));
    assertThat(notes)
        .contains(
            "sampler.classes: 1 of the 3 super-classes have fewer than 2 classes, their share of a"
                + " batch, and give all they have");
    notes.clear();
    Trainer.train(
        quick(section.formatted(2), "epochs=0"),
        data,
        folder.resolve("two"),
        RunMode.NEW,
        noting(notes));
    assertThat(notes).noneMatch(note -> note.startsWith("sampler.classes"));
  }

  @Test
  void smallClassesAreCounted() {
    List<String> notes = new ArrayList<>();
    long[] labels = LongStream.range(0, SAMPLES).map(i -> i < 3 ? 9 : i % 6).toArray();
    FeatureSet data = new FeatureSet(data().features(), arena.of(labels, SAMPLES), "clouds");
    Trainer.train(
        quick(
            "epochs=1",
            "validation.fraction=0",
            "sampler={\"name\":\"class-random\",\"classes\":3,\"samples\":4}"),
        data,
        folder.resolve("run"),
        RunMode.NEW,
        noting(notes));
    assertThat(notes)
        .contains(
            "sampler.samples: 1 of the 7 classes have fewer than 4 training samples and give all"
                + " they have");
  }
}
