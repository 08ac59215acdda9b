package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run says about its data, and what it refuses before it begins. */
class TrainingDataTest extends QuickRuns {
  /** What would pass in silence: copies, some with another class, and rows that say nothing. */
  @Test
  void oddDataIsSaidBeforeTheRun() {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    float[] x = data.features().toFloats();
    System.arraycopy(x, 0, x, 6 * 12, 12); // the same class
    System.arraycopy(x, 0, x, 1 * 12, 12); // another
    Arrays.fill(x, 9 * 12, 10 * 12, 0);
    x[9 * 12] = -0f;
    RunConfig all = quick("epochs=0", "validation.fraction=0");
    for (String type : List.of("float32", "float64")) {
      List<String> notes = new ArrayList<>();
      RunConfig config = quick("epochs=0", "validation.fraction=0", "compute.dtype=" + type);
      remarks(config, arena.of(x, 240, 12), data.labels(), notes);
      assertThat(notes)
          .containsExactly(
              "2 training samples are exact copies of earlier ones, 1 of them with another class",
              "1 training sample is all zeros, which have no direction to compare");
    }
    List<String> notes = new ArrayList<>();
    for (int i = 0; i < 240; i += 2) { // pairs over a split lie on both sides
      System.arraycopy(x, i * 12, x, (i + 1) * 12, 12);
    }
    remarks(quick("epochs=0"), arena.of(x, 240, 12), data.labels(), notes);
    assertThat(notes).anyMatch(n -> n.contains("validation samples are exact copies of training"));
    notes.clear();
    Arrays.fill(x, 3);
    remarks(all, arena.of(x, 240, 12), data.labels(), notes);
    assertThat(notes).singleElement().asString().contains("all training samples are equal");
  }

  private void remarks(RunConfig config, Tensor x, Tensor labels, List<String> notes) {
    FeatureSet data = new FeatureSet(x, labels, "odd");
    Path run = folder.resolve("run-" + System.nanoTime());
    Trainer.train(config, data, run, RunMode.NEW, noting(notes));
  }

  @Test
  void classesWithOneSampleAreReported() {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    long[] labels = data.labels().toLongs();
    labels[3] = 77;
    List<String> notes = new ArrayList<>();
    Trainer.train(
        quick("epochs=1"),
        new FeatureSet(data.features(), arena.of(labels, 240), "clouds"),
        folder.resolve("run"),
        RunMode.NEW,
        noting(notes));
    assertThat(notes).contains("1 class has one training sample: 77");
  }

  @Test
  void featuresThatAreNotFiniteAreNamed() {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    float[] x = data.features().toFloats();
    x[12 * 17 + 5] = Float.NaN;
    data.features().set(x);
    refused(
        () ->
            Trainer.train(quick(), data, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE),
        "clouds: features[17, 5] is NaN or infinite");
  }

  @Test
  void filesAreReadWithTheirOwnClassesAndValidation() throws IOException {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    Npy.write(folder.resolve("x.npy"), data.features());
    Npy.write(folder.resolve("y.npy"), data.labels());
    Path file = folder.resolve("c.json");
    Files.writeString(
        file,
        "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\", \"classes\": [15, 11, 12]},"
            + "\"validation\": {\"features\": \"x.npy\", \"labels\": \"y.npy\","
            + " \"sampleNames\": \"v.txt\"},"
            + "\"sampler\": {\"batch\": 30}, \"head\": {\"embedding\": 4}, \"epochs\": 2}");
    RunConfig config = ConfigParser.parse(file, List.of());
    Path names = folder.resolve("v.txt");
    Files.writeString(names, "one only\n");
    assertThatThrownBy(() -> TrainingPlan.of(config))
        .hasMessageContaining("v.txt: 1 names for 240 validation samples");
    Files.write(names, IntStream.range(0, 240).mapToObj(i -> "held out " + i).toList());
    TrainingPlan plan = TrainingPlan.of(config);
    assertThat(plan.training()).isEqualTo(120);
    assertThat(plan.classes()).isEqualTo(3);
    assertThat(plan.validation()).isEqualTo(240);
    assertThat(plan.batchesPerEpoch()).isEqualTo(4);
    assertThat(plan.memory().bytes()).containsEntry("features", 240 * 12 * 4L);
    assertThat(plan.memory().table()).contains("features", "total").hasLineCount(10);
    assertThat(folder.resolve("run")).doesNotExist();
    TrainResult result = Trainer.train(config, folder.resolve("run"), TrainingListener.NONE);
    assertThat(result.steps()).isEqualTo(8);
    assertThat(Safetensors.metadata(result.head())).containsEntry("classes", "[11,12,15]");
    try (Backend backend = Backend.cpu()) {
      TrainedRun opened = TrainedRun.open(result.folder(), backend, arena);
      assertThat(opened.validation().sampleNames().get(7)).isEqualTo("held out 7");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evaluate.metrics=[\"map@x\"] | evaluate.metrics: ",
        "sampler.classes=7 | sampler.classes: 7 classes per batch, but the training samples have 6",
        "data.classes=[10,99] | data.classes: the data has no sample of class 99",
        "compute.device=quantum | quantum",
      })
  void wrongValuesAreOneSentence(String override, String expected) {
    refused(() -> run(folder.resolve("run"), quick(override)), expected).message().hasLineCount(1);
    // Nothing was begun: the same folder takes a corrected run.
    assertThat(run(folder.resolve("run"), quick("epochs=1")).epochs()).isEqualTo(1);
  }

  @Test
  void plansRefuseWhatTrainingWould() throws IOException {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    Npy.write(folder.resolve("x.npy"), data.features());
    Npy.write(folder.resolve("narrow.npy"), data.features().reshape(480, 6));
    Npy.write(folder.resolve("y.npy"), data.labels());
    Npy.write(folder.resolve("cube.npy"), data.features().reshape(240, 3, 4));
    Npy.write(folder.resolve("long.npy"), arena.of(new long[480], 480));
    String[][] wrong = {
      {"x.npy", "long.npy", "", "long.npy: 480 labels for the 240 rows of"},
      {"cube.npy", "y.npy", "", "expected a non-empty [N, D]: reshape it to [240, 12]"},
      {"y.npy", "y.npy", "", "y.npy: features have shape [240]"},
      {"none.npy", "y.npy", "", "none.npy: does not exist"},
      {"x.npy", "y.npy", "3", "data.classes: the data has no sample of class 3"},
    };
    for (String[] row : wrong) {
      String json =
          String.format(
              "{\"data\": {\"features\": \"%s\", \"labels\": \"%s\", \"classes\": [%s]}}",
              row[0], row[1], row[2]);
      RunConfig config = ConfigParser.parse(json, "c.json", folder, List.of());
      refused(() -> TrainingPlan.of(config), row[3]);
      refused(
          () -> Trainer.train(config, folder.resolve("no"), TrainingListener.NONE),
          row[0].equals("x.npy") ? row[3] : row[0],
          row[0].equals("cube.npy") ? "reshape it to [240, 12]" : "");
    }
    String narrow =
        "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\"},"
            + "\"validation\": {\"features\": \"narrow.npy\", \"labels\": \"long.npy\"}}";
    RunConfig config = ConfigParser.parse(narrow, "c.json", folder, List.of());
    String expected = "validation.features: rows of 6 numbers, but the training features have 12";
    assertThatThrownBy(() -> TrainingPlan.of(config)).hasMessageContaining(expected);
    assertThatThrownBy(() -> Trainer.train(config, folder.resolve("run"), TrainingListener.NONE))
        .hasMessageContaining(expected);
  }

  @Test
  void theMemoryEstimateIsWhatARunHolds() throws IOException {
    FeatureSet data = Samples.clouds(arena, 20_000, 60, 40);
    Npy.write(folder.resolve("x.npy"), data.features());
    Npy.write(folder.resolve("y.npy"), data.labels());
    String json =
        "{\"data\": {\"features\": \"x.npy\", \"labels\": \"y.npy\"},"
            + "\"head\": {\"embedding\": 500}, \"sampler\": {\"batch\": 6000}, \"epochs\": 1,"
            + "\"loss\": {\"name\": \"soft-triple\", \"centers\": 20}}";
    RunConfig config = ConfigParser.parse(json, "c.json", folder, List.of());
    Map<String, Long> bytes = new LinkedHashMap<>(TrainingPlan.of(config).memory().bytes());
    bytes.remove("workspace, at most"); // the native library's own
    // Normalised raw features, or embeddings and the same normalised; between steps neither.
    assertThat(bytes.remove("measuring validation")).isEqualTo(2_000L * 2 * 500 * 4);
    MemoryEstimate wide = MemoryEstimate.of(config, 20_000, 4_000, 40, 2_000);
    assertThat(wide.bytes()).containsEntry("measuring validation", 2_000L * 4_000 * 4);
    long estimate = bytes.values().stream().mapToLong(Long::longValue).sum();
    long before = HostMemory.liveBytes();
    List<Long> held = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void stepped(Step step) {
            held.add(HostMemory.liveBytes() - before);
          }
        };
    Trainer.train(config, folder.resolve("run"), listener);
    // An arena's last block of small tensors may be 1 MiB that is not used.
    assertThat(held).hasSize(3).allMatch(h -> h >= estimate && h <= estimate + (1 << 20));
  }
}
