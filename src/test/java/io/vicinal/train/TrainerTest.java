package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
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
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerTest {

  @TempDir Path folder;
  private Arena arena;

  @BeforeEach
  void open() {
    arena = Arena.host();
  }

  @AfterEach
  void close() {
    arena.close();
  }

  /** Small and quick: 240 samples of 6 classes in 12 dimensions. */
  private static RunConfig quick(String... overrides) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "head.embedding=8",
                "sampler={\"name\":\"balanced\",\"classes\":4,\"samples\":5}",
                "optimizer.lr=0.01",
                "validation.fraction=0.2",
                "compute.threads=1",
                "epochs=3"));
    all.addAll(List.of(overrides));
    return RunConfig.defaults(all.toArray(String[]::new));
  }

  private TrainResult run(Path path, RunConfig config) {
    return Trainer.train(
        config, Samples.clouds(arena, 240, 12, 6), path, RunMode.NEW, TrainingListener.NONE);
  }

  private static List<JsonObject> metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.get("epoch").getAsInt() > 0)
        .toList();
  }

  @Test
  void aLinearHeadOnDigitsBeatsRawPixelsOnHeldOutSamples() throws IOException {
    FeatureSet digits = DigitRows.all(arena);
    FeatureSet seen = digits.subset(arena, "train", LongStream.range(0, 1200).toArray());
    FeatureSet unseen = digits.subset(arena, "test", LongStream.range(1200, 1797).toArray());
    RunConfig config =
        RunConfig.defaults(
            "head.embedding=16",
            "sampler.batch=100",
            "loss.scale=1.5",
            "optimizer.lr=0.01",
            "epochs=20",
            "validation.fraction=0.2",
            "compute.threads=1");
    TrainResult result =
        Trainer.train(config, seen, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE);
    try (Backend backend = Backend.cpu()) {
      MetricFn metric = new RetrievalMetrics(backend, config.evaluate());
      Tensor z = Head.load(result.head(), arena).embed(backend, unseen.features(), arena);
      double trained = metric.measure(z, unseen.labels()).get("map@r");
      double raw = metric.measure(unseen.features(), unseen.labels()).get("map@r");
      // Measured: raw 0.574, trained 0.730; the margin leaves room for other instruction sets.
      assertThat(trained).isGreaterThan(raw + 0.1);
    }
    assertThat(result.bestEpoch()).isBetween(1, 20);
    assertThat(result.validation()).containsKeys("map@r", "r@1");
    assertThat(metrics(result.folder())).hasSize(20);
  }

  @Test
  void theRunFolderSaysWhatWasDone() throws IOException {
    TrainResult result =
        run(folder.resolve("run"), quick("loss.name=soft-triple", "loss.centers=2"));
    Path run = result.folder();
    RunConfig stored = ConfigParser.parse(run.resolve("config.json"), List.of());
    assertThat(stored).isEqualTo(quick("loss.name=soft-triple", "loss.centers=2"));
    JsonObject facts =
        JsonParser.parseString(Files.readString(run.resolve("config.json")))
            .getAsJsonObject()
            .getAsJsonObject("run");
    assertThat(facts.get("classes").toString()).isEqualTo("[10,11,12,13,14,15]");
    assertThat(facts.get("trainingSamples").getAsInt()).isEqualTo(192);
    assertThat(facts.get("dataHash").getAsString()).hasSize(64);
    Map<String, Tensor> head = Safetensors.read(run.resolve("head.safetensors"), arena);
    assertThat(head).containsOnlyKeys("weight", "bias", "proxies");
    assertThat(head.get("proxies").shape().dims()).containsExactly(12, 8);
    assertThat(Safetensors.metadata(result.head()))
        .containsEntry("loss", "soft-triple")
        .containsEntry("centers", "2")
        .containsEntry("classes", "[10,11,12,13,14,15]");
    JsonObject line = metrics(run).get(2);
    assertThat(line.get("epoch").getAsInt()).isEqualTo(3);
    assertThat(line.get("steps").getAsLong()).isEqualTo(result.steps()).isEqualTo(27);
    assertThat(line.getAsJsonObject("validation").keySet()).containsExactly("map@r", "r@1");
    JsonObject end =
        JsonParser.parseString(Files.readString(run.resolve("result.json"))).getAsJsonObject();
    assertThat(end.get("bestEpoch").getAsInt()).isEqualTo(result.bestEpoch());
  }

  @ParameterizedTest
  @CsvSource({
    "proxy-nca, float32",
    "proxy-nca-pp, float64",
    "proxy-anchor, float32",
    "proxy-anchor, float64",
    "soft-triple, float32",
    "normalized-softmax, float64",
    "cosface, float32",
    "arcface, float32",
  })
  void everyLossTrains(String loss, String dtype) throws IOException {
    TrainResult result =
        run(
            folder.resolve("run"),
            quick("loss.name=" + loss, "compute.dtype=" + dtype, "epochs=6"));
    List<JsonObject> lines = metrics(result.folder());
    assertThat(lines.get(5).get("loss").getAsDouble())
        .isLessThan(lines.get(0).get("loss").getAsDouble());
    assertThat(Head.load(result.head(), arena).weight().dtype())
        .isEqualTo(dtype.equals("float64") ? DType.F64 : DType.F32);
  }

  @ParameterizedTest
  @CsvSource({"sgd", "adam", "adamw"})
  void warmUpKeepsTheFrozenGroupsBytes(String optimizer) {
    String[] settings = {
      "optimizer.name=" + optimizer, "warmup.epochs=2", "optimizer.weightDecay=0.1", "epochs=2"
    };
    TrainResult warm = run(folder.resolve("warm"), quick(settings));
    RunConfig none = quick(settings).withEpochs(0);
    TrainResult start = run(folder.resolve("start"), none);
    Head before = Head.load(start.head(), arena);
    Head after = Head.load(warm.head(), arena);
    assertThat(after.weight().toFloats()).containsExactly(before.weight().toFloats());
    assertThat(after.bias().toFloats()).containsExactly(before.bias().toFloats());
    assertThat(after.proxies().toFloats()).isNotEqualTo(before.proxies().toFloats());
    TrainResult thawed = run(folder.resolve("thawed"), quick(settings).withEpochs(3));
    assertThat(thawed.epochs()).isEqualTo(3);
    Map<String, Tensor> last = lastState(thawed.folder());
    assertThat(last.get("weight").toFloats()).isNotEqualTo(before.weight().toFloats());
    assertThat(last.get("bias").toFloats()).isNotEqualTo(before.bias().toFloats());
  }

  private Map<String, Tensor> lastState(Path run) {
    try (var files = Files.list(run.resolve("checkpoint"))) {
      Path state =
          files.filter(f -> f.toString().endsWith(".safetensors")).findFirst().orElseThrow();
      return Safetensors.read(state, arena);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void equalSeedsGiveEqualBytesAndOthersDoNot() throws IOException {
    byte[] first = Files.readAllBytes(run(folder.resolve("a"), quick()).head());
    byte[] second = Files.readAllBytes(run(folder.resolve("b"), quick()).head());
    byte[] sampler = Files.readAllBytes(run(folder.resolve("c"), quick("seeds.sampler=7")).head());
    byte[] seed = Files.readAllBytes(run(folder.resolve("d"), quick("seed=7")).head());
    assertThat(second).isEqualTo(first);
    assertThat(sampler).isNotEqualTo(first);
    assertThat(seed).isNotEqualTo(first).isNotEqualTo(sampler);
  }

  /** A metric that follows a script, one value per evaluation. */
  private TrainResult scripted(Path run, RunConfig config, double... values) {
    int[] calls = {0};
    return Trainer.train(
        config,
        Samples.clouds(arena, 240, 12, 6),
        run,
        RunMode.NEW,
        (backend, evaluate) ->
            (embeddings, labels) ->
                embeddings.dim(1) == 12
                    ? Map.of("map@r", 0.35, "r@1", 0.9) // the features themselves
                    : Map.of("map@r", values[calls[0]++], "r@1", 0.5),
        TrainingListener.NONE);
  }

  @Test
  void stopsEarlyOnValidationAndKeepsTheBestHead() throws IOException {
    RunConfig config = quick("earlyStop.patience=2", "epochs=9");
    TrainResult result = scripted(folder.resolve("run"), config, 0.1, 0.4, 0.3, 0.4, 0.9);
    assertThat(result.epochs()).isEqualTo(4);
    assertThat(result.stoppedEarly()).isTrue();
    assertThat(result.bestEpoch()).isEqualTo(2);
    assertThat(result.validation()).containsEntry("map@r", 0.4);
    TrainResult two = scripted(folder.resolve("two"), config.withEpochs(2), 0.1, 0.4);
    assertThat(Files.readAllBytes(result.head())).isEqualTo(Files.readAllBytes(two.head()));
  }

  /** Nobody notices a head that is worse than none unless both are measured on the same samples. */
  @Test
  void theFeaturesAsTheyAreAreMeasuredBesideTheHead() throws IOException {
    TrainResult better = scripted(folder.resolve("better"), quick("epochs=2"), 0.1, 0.4);
    assertThat(better.report().rawFeatures())
        .containsEntry("map@r", 0.35)
        .containsEntry("r@1", 0.9);
    assertThat(better.report().worse()).isFalse();
    assertThat(better.report().comparison())
        .contains("better than the raw features by map@r: 40.00 % with it (epoch 2), 35.00 %")
        .contains("5.00 points gained, which 48 queries hardly tell from none")
        .contains("standard error up to 6.88") // sqrt(0.35 * 0.65 / 48)
        .contains("validation.by=class");
    TrainResult harm = scripted(folder.resolve("harm"), quick("epochs=2"), 0.1, 0.05);
    assertThat(harm.report().worse()).isTrue();
    assertThat(harm.report().gain()).isCloseTo(-0.25, within(1e-12));
    assertThat(harm.report().comparison())
        .contains("worse than the raw features by map@r: 10.00 % with it (epoch 1), 35.00 %")
        .contains("25.00 points lost; use the features as they are, or try");
    List<String> lines = Files.readAllLines(harm.folder().resolve("metrics.jsonl"));
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .startsWith(
            "{\"epoch\":0,\"of\":\"raw features\",\"validation\":{\"map@r\":0.35,\"r@1\":0.9}");
    JsonObject end =
        JsonParser.parseString(Files.readString(harm.folder().resolve("result.json")))
            .getAsJsonObject();
    assertThat(end.getAsJsonObject("rawFeatures").get("map@r").getAsDouble()).isEqualTo(0.35);
    assertThat(end.get("comparison").getAsString()).isEqualTo(harm.report().comparison());
    assertThat(end.get("validationQueries").getAsInt()).isEqualTo(48);

    List<String> notes = new ArrayList<>();
    TrainingListener noting = noting(notes);
    RunConfig byClass = quick("validation={\"by\":\"class\",\"fraction\":0.34}", "epochs=1");
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    Path unseen = folder.resolve("unseen");
    TrainResult first = Trainer.train(byClass, data, unseen, RunMode.NEW, noting);
    assertThat(notes)
        .contains(
            "validation: 80 samples of 2 classes that training does not see, searched among each"
                + " other; all have another of their class to find")
        .anyMatch(n -> n.startsWith("epoch 0, raw features (cosine)  map@r "))
        .anyMatch(n -> n.startsWith("few queries: the standard error of r@1, sqrt(p(1-p)/n)"));
    assertThat(first.report().comparison()).doesNotContain("validation.by");
    notes.clear();
    TrainResult again = Trainer.train(byClass, data, unseen, RunMode.RESUME, noting);
    assertThat(notes)
        .containsExactly(
            "nothing is left to do: the run has done its 1 epoch; more epochs extend it");
    assertThat(again.report()).isEqualTo(first.report());
    Trainer.train(byClass.withEpochs(0), data, unseen, RunMode.RESUME, noting);
    assertThat(notes).last().asString().startsWith("epochs: 0, but the run has done 1 epoch; none");
  }

  private static TrainingListener noting(List<String> notes) {
    return new TrainingListener() {
      @Override
      public void note(String sentence) {
        notes.add(sentence);
      }
    };
  }

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
  void thePlateauScheduleLowersEveryGroupsRate() throws IOException {
    RunConfig config =
        quick(
            "schedule={\"name\":\"plateau\",\"patience\":1,\"factor\":0.5}",
            "optimizer.groups.proxies.lrScale=100000",
            "optimizer.eps=1.0",
            "epochs=5");
    TrainResult result = scripted(folder.resolve("run"), config, 0.5, 0.4, 0.3, 0.2, 0.1);
    List<Double> weight = new ArrayList<>();
    List<Double> proxies = new ArrayList<>();
    for (JsonObject line : metrics(result.folder())) {
      weight.add(line.getAsJsonObject("lr").get("weight").getAsDouble());
      proxies.add(line.getAsJsonObject("lr").get("proxies").getAsDouble());
    }
    assertThat(weight).containsExactly(0.01, 0.01, 0.01, 0.005, 0.005);
    assertThat(proxies).containsExactly(1000.0, 1000.0, 1000.0, 500.0, 500.0);
  }

  @Test
  void evaluatesAtTheConfiguredEpochsAndAtTheEnd() throws IOException {
    TrainResult result = run(folder.resolve("run"), quick("evaluate.every=2", "epochs=5"));
    List<Integer> sizes =
        metrics(result.folder()).stream()
            .map(line -> line.getAsJsonObject("validation").size())
            .toList();
    assertThat(sizes).containsExactly(0, 2, 0, 2, 2);
  }

  @Test
  void withoutValidationTheLastHeadIsDelivered() throws IOException {
    TrainResult result = run(folder.resolve("run"), quick("validation.fraction=0"));
    assertThat(result.bestEpoch()).isEqualTo(3);
    assertThat(result.report()).isNull();
    assertThat(metrics(result.folder())).noneMatch(line -> line.get("best").getAsBoolean());
    assertThat(result.validation()).isEmpty();
    assertThat(Head.load(result.head(), arena).weight().toFloats())
        .containsExactly(lastState(result.folder()).get("weight").toFloats());
  }

  /** Numbers that a head with weights of a million pushes out of float32. */
  private FeatureSet huge() {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    float[] x = data.features().toFloats();
    for (int i = 0; i < x.length; i++) {
      x[i] *= 1e33f;
    }
    data.features().set(x);
    return data;
  }

  @Test
  void divergenceStopsWithStepTensorAndSamplesAndKeepsTheCheckpoint() throws IOException {
    RunConfig config = quick("optimizer.lr=1e6");
    List<TrainingListener.Step> steps = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void stepped(Step step) {
            steps.add(step);
          }
        };
    FeatureSet data = huge();
    Path run = folder.resolve("run");
    DivergedException e =
        catchThrowableOfType(
            DivergedException.class, () -> Trainer.train(config, data, run, RunMode.NEW, listener));
    assertThat(e.step()).isEqualTo(steps.size() + 1L);
    assertThat(e.sampleIds()).hasSize(20).doesNotHaveDuplicates();
    assertThat(Arrays.stream(e.sampleIds()).boxed()).allMatch(id -> id >= 0 && id < 240);
    assertThat(e).hasMessageContaining("training diverged at step " + e.step() + " (epoch 1): ");
    assertThat(e.getMessage())
        .hasLineCount(1)
        .contains("(20 in all)", "--restart with a lower optimizer.lr (now 1000000.0)");
    JsonObject report =
        JsonParser.parseString(Files.readString(run.resolve("diverged.json"))).getAsJsonObject();
    assertThat(report.getAsJsonArray("sampleIds")).hasSize(20);
  }

  @Test
  void aDivergedRunKeepsTheLastGoodCheckpoint() {
    // The third epoch is the first with a thawed head, and its rate is absurd.
    RunConfig config = quick("optimizer.lr=1e6", "warmup.epochs=2");
    Path run = folder.resolve("run");
    assertThatThrownBy(() -> Trainer.train(config, huge(), run, RunMode.NEW, TrainingListener.NONE))
        .isInstanceOf(DivergedException.class);
    Map<String, Tensor> state = lastState(run);
    try (Backend backend = Backend.cpu()) {
      for (String name : List.of("weight", "bias", "proxies")) {
        assertThat(backend.findNonFinite(state.get(name))).isEqualTo(-1);
      }
    }
    assertThat(run.resolve("head.safetensors")).exists();
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
        new TrainingListener() {
          @Override
          public void note(String sentence) {
            notes.add(sentence);
          }
        });
    assertThat(notes).contains("1 class has one training sample: 77");
  }

  @Test
  void theListenerSeesEveryStepAndEpoch() {
    List<TrainingListener.Step> steps = new ArrayList<>();
    List<TrainingListener.Epoch> epochs = new ArrayList<>();
    Trainer.train(
        quick("loss.name=soft-triple", "loss.centers=3"),
        Samples.clouds(arena, 240, 12, 6),
        folder.resolve("run"),
        RunMode.NEW,
        new TrainingListener() {
          @Override
          public void stepped(Step step) {
            steps.add(step);
          }

          @Override
          public void epochEnded(Epoch epoch) {
            epochs.add(epoch);
          }
        });
    assertThat(steps).hasSize(27);
    assertThat(steps.get(26).epoch()).isEqualTo(3);
    assertThat(steps.get(26).step()).isEqualTo(9);
    assertThat(steps).allMatch(s -> s.activeProxies() == 12 && s.samplesPerSecond() > 0);
    assertThat(epochs).extracting(TrainingListener.Epoch::epoch).containsExactly(1, 2, 3);
    double sum = 0;
    for (TrainingListener.Step step : steps.subList(0, 9)) {
      sum += step.loss();
    }
    assertThat(epochs.get(0).loss()).isEqualTo(sum / 9);
  }

  @Test
  void anInterruptedRunSavesAndResumesToTheSameBytes() throws IOException {
    FeatureSet data = Samples.clouds(arena, 240, 12, 6);
    TrainResult whole = run(folder.resolve("whole"), quick());
    Path run = folder.resolve("run");
    TrainingListener interrupting =
        new TrainingListener() {
          @Override
          public void stepped(Step step) {
            if (step.epoch() == 2 && step.step() == 4) {
              Thread.currentThread().interrupt();
            }
          }
        };
    assertThatThrownBy(() -> Trainer.train(quick(), data, run, RunMode.NEW, interrupting))
        .isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
    List<String> notes = new ArrayList<>();
    TrainingListener noting =
        new TrainingListener() {
          @Override
          public void note(String sentence) {
            notes.add(sentence);
          }
        };
    TrainResult resumed = Trainer.train(quick(), data, run, RunMode.RESUME, noting);
    assertThat(notes).contains("resuming after epoch 1, batch 4");
    assertThat(Files.readAllBytes(resumed.head())).isEqualTo(Files.readAllBytes(whole.head()));
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
  void nothingStaysAllocated() {
    run(folder.resolve("first"), quick("epochs=1"));
    long before = HostMemory.liveBytes();
    run(folder.resolve("second"), quick());
    refused(() -> run(folder.resolve("third"), quick("sampler.classes=9")));
    long mine = Arrays.stream(new long[] {240 * 12 * 4, 240 * 8}).sum() * 2;
    // The two data sets of this test's own arena, in blocks of at most 1 MiB.
    assertThat(HostMemory.liveBytes() - before).isLessThanOrEqualTo(mine + (1 << 20));
  }
}
