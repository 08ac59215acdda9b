package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.tensor.Arena;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Resumed runs end with the bytes of uninterrupted ones, however they were stopped. */
class ResumeTest {

  @TempDir Path folder;

  /** Everything that has a state: warm-up, plateau, early stopping, checkpoints within epochs. */
  static RunConfig config(String... overrides) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "head.embedding=64",
                "sampler={\"name\":\"balanced\",\"classes\":5,\"samples\":6}",
                "optimizer.lr=0.02",
                "optimizer.eps=1.0",
                "optimizer.groups.proxies.lrScale=100",
                "schedule={\"name\":\"plateau\",\"patience\":0,\"factor\":0.5}",
                "evaluate.metric=r@1", // rises now and then: best heads, bad evaluations,
                // reductions
                "earlyStop.patience=9",
                "warmup={\"epochs\":1,\"groups\":[\"weight\"]}",
                "clip.value=0.01",
                "validation.fraction=0.25",
                "checkpointSteps=2",
                "compute.threads=2",
                "epochs=6"));
    all.addAll(List.of(overrides));
    return RunConfig.defaults(all.toArray(String[]::new));
  }

  static FeatureSet data(Arena arena) {
    return Samples.clouds(arena, 320, 48, 8);
  }

  private TrainResult whole(RunConfig config) {
    try (Arena arena = Arena.host()) {
      return Trainer.train(
          config, data(arena), folder.resolve("whole"), RunMode.NEW, TrainingListener.NONE);
    }
  }

  private static void assertSameEnd(TrainResult whole, Path run) throws IOException {
    assertThat(Files.readAllBytes(run.resolve("head.safetensors")))
        .isEqualTo(Files.readAllBytes(whole.head()));
    assertThat(timeless(run)).isEqualTo(timeless(whole.folder()));
    assertThat(Files.readString(run.resolve("result.json")))
        .isEqualTo(Files.readString(whole.folder().resolve("result.json")));
  }

  /** The metrics without what the clock says. */
  private static List<JsonObject> timeless(Path run) throws IOException {
    List<JsonObject> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      JsonObject o = JsonParser.parseString(line).getAsJsonObject();
      assertThat(o.remove("seconds")).isNotNull();
      assertThat(o.remove("samplesPerSecond") == null).isEqualTo(lines.isEmpty()); // epoch 0
      lines.add(o);
    }
    return lines;
  }

  /** Fails at one step, as a crash between steps would. */
  private static TrainingListener failingAfter(int steps) {
    int[] seen = {0};
    return new TrainingListener() {
      @Override
      public void stepped(Step step) {
        if (++seen[0] == steps) {
          throw new IllegalStateException("stopped by the test");
        }
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"balanced adam", "random sgd", "cosine rmsprop"})
  void stoppedAfterEveryFewStepsARunEndsTheSame(String kind) throws IOException {
    RunConfig config =
        switch (kind) {
          case "balanced adam" -> config();
          case "random sgd" ->
              config(
                  "sampler={\"name\":\"random\",\"batch\":30,\"dropLast\":false}",
                  "optimizer={\"name\":\"sgd\",\"lr\":0.05,\"nesterov\":true}",
                  "schedule={\"name\":\"step\",\"every\":2,\"factor\":0.5}");
          default ->
              config(
                  "optimizer={\"name\":\"rmsprop\",\"lr\":0.01,\"centered\":true,\"eps\":0.1,\"groups\":"
                      + "{\"proxies\":{\"momentum\":0.5},\"bias\":{\"warmup\":2,\"clip\":{\"value\":0.01}}}}",
                  "schedule={\"name\":\"cosine\",\"floor\":0.1,\"warmup\":{\"steps\":17}}",
                  "clip={\"norm\":0.05}");
        };
    TrainResult whole = whole(config);
    assertThat(whole.steps()).isGreaterThan(40);
    // The schedule must have acted, or its state would not be tested.
    List<JsonObject> lines = timeless(whole.folder());
    assertThat(lines.get(lines.size() - 1).get("lr")).isNotEqualTo(lines.get(1).get("lr"));
    Path run = folder.resolve("run");
    try (Arena arena = Arena.host()) {
      int stops = 0;
      // Three steps pass one checkpoint at least, so every attempt gets further.
      for (boolean done = false; !done; ) {
        try {
          Trainer.train(config, data(arena), run, RunMode.RESUME, failingAfter(3));
          done = true;
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage("stopped by the test");
          stops++;
        }
      }
      assertThat(stops).isGreaterThan(10);
    }
    assertSameEnd(whole, run);
  }

  /** What a criterion has of its own: a learned parameter, a miner that draws. */
  private static RunConfig ofTuples(String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "optimizer={\"lr\":0.02,\"groups\":{\"weight\":{\"lrScale\":0.5}}}",
                "checkpointSteps=1",
                "compute.threads=1",
                "epochs=3"));
    all.addAll(List.of(more));
    return config(all.toArray(String[]::new));
  }

  static Stream<RunConfig> criteria() {
    return Stream.of(
        ofTuples("loss.name=soft-triple", "average.decay=0.9"),
        ofTuples(
            "loss={\"name\":\"margin\",\"learn-beta\":true}",
            "miner.name=distance",
            "optimizer.groups.beta.lr=0.1"),
        ofTuples("loss.name=triplet", "memory={\"size\":100,\"start\":2}"),
        ofTuples("loss.name=moco", "memory={\"size\":100,\"momentum\":0.9}"),
        ofTuples("loss.name=triplet", "miner.name=distance", "memory={\"size\":100,\"start\":2}"),
        ofTuples("loss.name=quadruplet", "miner.name=intra-random", "memory={\"size\":100}"),
        ofTuples("loss.name=lifted-structure", "miner.name=hdc", "memory={\"size\":100}"));
  }

  /** Stopped after every other step, whose checkpoint is the one before. */
  @ParameterizedTest
  @MethodSource("criteria")
  void stoppedAtAnyStepACriterionGoesOn(RunConfig config) throws IOException {
    TrainResult whole = whole(config);
    Path run = folder.resolve("run");
    int stops = 0;
    try (Arena arena = Arena.host()) {
      for (boolean done = false; !done; ) {
        try {
          Trainer.train(config, data(arena), run, RunMode.RESUME, failingAfter(2));
          done = true;
        } catch (IllegalStateException e) {
          stops++;
        }
      }
    }
    assertThat(stops).isGreaterThan((int) whole.steps() / 2);
    assertSameEnd(whole, run);
    assertThat(lastState(run)).isEqualTo(lastState(whole.folder()));
  }

  /** Parameters, moments, buffers, sampler: the bytes of the last checkpoint. */
  private static byte[] lastState(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoint"))) {
      return Files.readAllBytes(
          files.filter(f -> f.toString().endsWith(".safetensors")).findFirst().orElseThrow());
    }
  }

  @Test
  void killedAtRandomMomentsARunEndsTheSame() throws Exception {
    String[] often = {"checkpointSteps=1", "epochs=12"};
    TrainResult whole = whole(config(often));
    Path run = folder.resolve("run");
    Random random = new Random(11);
    int kills = 0;
    for (int i = 0; i < 7; i++) {
      // Without a pause nearly all the time goes into writing; with one, into the steps as well.
      boolean pause = i % 2 == 1;
      Process process = start(List.of(), run, pause ? 8 : 0, often);
      boolean alive = process.getInputStream().read() != -1; // trained its first step
      int wait = random.nextInt(pause ? 100 : 12);
      if (alive && !process.waitFor(wait, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly(); // SIGKILL
        kills++;
      }
      process.waitFor();
    }
    assertThat(kills).isGreaterThanOrEqualTo(3);
    Process last = start(List.of(), run, 0, often);
    String output = new String(last.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(last.waitFor()).as(output).isZero();
    assertSameEnd(whole, run);
  }

  /** A JVM that resumes the run; one dot per step on its output. */
  private static Process start(List<String> before, Path run, int sleep, String... overrides)
      throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
    if (cache != null) {
      command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
    }
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-cp",
            System.getProperty("java.class.path"),
            ResumedProcess.class.getName(),
            run.toString(),
            String.valueOf(sleep)));
    command.addAll(List.of(overrides));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  @Test
  void aFullDiskIsOneSentenceAndLosesNothing() throws Exception {
    TrainResult whole = whole(config("epochs=4"));
    Path run = folder.resolve("run");
    try (Arena arena = Arena.host()) {
      Trainer.train(config("epochs=2"), data(arena), run, RunMode.NEW, TrainingListener.NONE);
    }
    byte[] head = Files.readAllBytes(run.resolve("head.safetensors"));
    // The shell's limit on file sizes (KiB) stands for the full disk: the next state file is
    // larger.
    List<String> limited = List.of("bash", "-c", "ulimit -f 24; exec \"$@\"", "limited");
    Process process = start(limited, run, 0, "epochs=4");
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(1);
    assertThat(output.replaceFirst("^\\.*", "").strip())
        .hasLineCount(1)
        .contains("cannot be written", "state-");
    assertThat(Files.readAllBytes(run.resolve("head.safetensors"))).isEqualTo(head);
    try (Arena arena = Arena.host()) {
      Trainer.train(config("epochs=4"), data(arena), run, RunMode.RESUME, TrainingListener.NONE);
    }
    assertSameEnd(whole, run);
  }

  @Test
  void anotherProcessInTheFolderIsRefused() throws Exception {
    Path run = folder.resolve("run");
    Process process = start(List.of(), run, Integer.MAX_VALUE); // waits after its first step
    try (Arena arena = Arena.host()) {
      assertThat(process.getInputStream().read()).isEqualTo('.');
      refused(
          () -> Trainer.train(config(), data(arena), run, RunMode.RESUME, TrainingListener.NONE),
          "another process is training here");
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  @Test
  void moreEpochsExtendARunAndFewerFinishIt() throws IOException {
    TrainResult whole = whole(config("epochs=4"));
    Path run = folder.resolve("run");
    try (Arena arena = Arena.host()) {
      Trainer.train(config("epochs=2"), data(arena), run, RunMode.NEW, TrainingListener.NONE);
      TrainResult again =
          Trainer.train(
              config("epochs=2"), data(arena), run, RunMode.RESUME, TrainingListener.NONE);
      assertThat(again.epochs()).isEqualTo(2);
      Trainer.train(config("epochs=4"), data(arena), run, RunMode.RESUME, TrainingListener.NONE);
    }
    assertSameEnd(whole, run);
  }

  @Test
  void aCosineEndsWithTheEpochsThatItWasMadeFor() throws IOException {
    String cosine = "schedule={\"name\":\"cosine\",\"floor\":0.1}";
    Path run = folder.resolve("run");
    try (Arena arena = Arena.host()) {
      Trainer.train(
          config(cosine, "epochs=2"), data(arena), run, RunMode.NEW, TrainingListener.NONE);
      refused(
          () ->
              Trainer.train(
                  config(cosine, "epochs=4"),
                  data(arena),
                  run,
                  RunMode.RESUME,
                  TrainingListener.NONE),
          "the run there differs in schedule.epochs (2, now 4)");
      String same = "schedule={\"name\":\"cosine\",\"floor\":0.1,\"epochs\":2}";
      Trainer.train(
          config(same, "epochs=4"), data(arena), run, RunMode.RESUME, TrainingListener.NONE);
    }
    List<JsonObject> lines = timeless(run);
    double lr = lines.get(4).getAsJsonObject("lr").get("weight").getAsDouble();
    assertThat(lr).isEqualTo(0.1 * 0.02);
  }

  @Test
  void anotherConfigurationOrOtherDataIsRefused() {
    Path run = folder.resolve("run");
    try (Arena arena = Arena.host()) {
      FeatureSet data = data(arena);
      Trainer.train(config("epochs=1"), data, run, RunMode.NEW, TrainingListener.NONE);
      refused(
          () ->
              Trainer.train(
                  config("optimizer.lr=0.03"), data, run, RunMode.RESUME, TrainingListener.NONE),
          "the run there differs in optimizer.lr (0.02, now 0.03)",
          "--config " + run.resolve("config.json"));
      float[] x = data.features().toFloats();
      x[5] += 1;
      data.features().set(x);
      refused(
          () -> Trainer.train(config(), data, run, RunMode.RESUME, TrainingListener.NONE),
          "the data has changed since this run began");
    }
  }

  @Test
  void aDamagedCheckpointIsOneSentence() throws IOException {
    Path run = folder.resolve("run");
    try (Arena arena = Arena.host()) {
      FeatureSet data = data(arena);
      Trainer.train(config("epochs=1"), data, run, RunMode.NEW, TrainingListener.NONE);
      Path json = run.resolve("checkpoint/checkpoint.json");
      String good = Files.readString(json);
      List<String> damaged =
          List.of(
              "",
              "{}",
              "[]",
              "nonsense",
              good.substring(0, good.length() / 2),
              good.replace("\"format\": 1", "\"format\": 99"),
              good.replace("weight", "wait"),
              good.replaceAll("state-[0-9]+", "state-none"),
              good.replace("\"epoch\": 1", "\"epoch\": \"x\""));
      for (String text : damaged) {
        Files.writeString(json, text);
        assertThatThrownBy(
                () -> Trainer.train(config(), data, run, RunMode.RESUME, TrainingListener.NONE))
            .as(text)
            .isInstanceOf(InputException.class)
            .message()
            .hasLineCount(1);
      }
      Files.writeString(json, good);
      Trainer.train(config("epochs=2"), data, run, RunMode.RESUME, TrainingListener.NONE);
    }
  }

  @Test
  void onlyAFolderWithARunResumesByItself() throws IOException {
    refused(() -> Trainer.resume(folder, TrainingListener.NONE), "holds no run to resume");
    Files.writeString(folder.resolve("config.json"), "{\"seed\": }" + File.separator);
    refused(() -> Trainer.resume(folder, TrainingListener.NONE), "config.json: not JSON at line 1");
  }
}
