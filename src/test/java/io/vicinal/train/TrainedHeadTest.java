package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Rows;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.nn.Embedder;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.HostMemory;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training in memory. */
class TrainedHeadTest {
  private static final TrainingOptions QUICK =
      TrainingOptions.of(new ProxyNcaPlusPlus())
          .embedding(8)
          .balancedBatch(4, 5)
          .adam(0.01)
          .validation(0.2)
          .threads(1)
          .epochs(4);

  @TempDir private Path folder;
  @AutoClose private Arena arena;
  private FeatureSet clouds;
  private Rows rows;
  private ClassLabels labels;

  @BeforeEach
  void open() {
    arena = Arena.host();
    clouds = Samples.clouds(arena, 240, 12, 6);
    rows = Rows.of(clouds.features().toFloats(), 12);
    labels = ClassLabels.of(clouds.labels().toLongs());
  }

  private static void assertSame(Head found, Head expected) {
    Map<String, Tensor> other = expected.named();
    found
        .named()
        .forEach(
            (name, tensor) ->
                assertThat(tensor.toFloats()).as(name).containsExactly(other.get(name).toFloats()));
  }

  @Test
  void itIsTheRunOfAFolderWithoutTheFolder() throws IOException {
    List<String> told = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void stepped(Step step) {
            told.add("step");
          }

          @Override
          public void epochEnded(Epoch epoch) {
            told.add("epoch " + epoch.epoch());
          }
        };
    TrainResult inFolder =
        Trainer.train(
            QUICK.config(), clouds, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE);
    try (TrainedHead trained = Trainer.train(rows, labels, QUICK, listener)) {
      assertSame(trained.head(), Head.load(inFolder.head(), arena));
      assertThat(trained.bestEpoch()).isEqualTo(inFolder.bestEpoch());
      assertThat(trained.steps()).isEqualTo(inFolder.steps());
      assertThat(trained.validation()).isEqualTo(inFolder.validation()).containsKey("map@r");
      assertThat(trained.history()).hasSize(4);
      assertThat(trained.history().get(trained.bestEpoch() - 1).validation())
          .isEqualTo(trained.validation());
      assertThat(trained.classes()).containsExactly(10, 11, 12, 13, 14, 15);
      assertThat(trained.classNames()).isEmpty();
      assertThat(trained.loss()).isEqualTo(new ProxyNcaPlusPlus());
      assertThat(told)
          .contains("epoch 1", "epoch 4")
          .filteredOn("step"::equals)
          .hasSize((int) trained.steps());
      Path file = folder.resolve("mine.safetensors");
      trained.save(file);
      assertThat(Files.readAllBytes(file)).isEqualTo(Files.readAllBytes(inFolder.head()));
    }
  }

  @Test
  void aHeadThatDoesHarmSaysSo() {
    try (TrainedHead crushed = Trainer.train(rows, labels, QUICK.embedding(1).adam(1e-9));
        Backend backend = Backend.cpu()) {
      ValidationReport report = crushed.report();
      assertThat(report.worse()).isTrue();
      assertThat(crushed.toString()).startsWith("TrainedHead 12 -> 1, 6 classes, epoch ");
      try (Embedder embedder = crushed.embedder()) {
        assertThat(embedder).hasToString("Embedder 12 -> 1");
        assertThatThrownBy(() -> embedder.embed((float[]) null))
            .hasMessageStartingWith("row: is null");
      }
      assertThat(report.head()).isEqualTo(crushed.validation());
      assertThat(report.comparison()).contains("worse than the raw features");
      TrainingSet data = TrainingSet.load(QUICK.config(), clouds, backend, arena, note -> {});
      MetricFn metric = new RetrievalMetrics(backend, QUICK.config().evaluate());
      assertThat(report.rawFeatures())
          .isEqualTo(metric.measure(data.validation().features(), data.validation().labels()));
    }
  }

  @Test
  void nothingIsWrittenAndAllMemoryComesBack() throws IOException {
    long before = HostMemory.liveBytes();
    Embedder embedder;
    try (TrainedHead trained = Trainer.train(rows, labels, QUICK.epochs(1))) {
      embedder = trained.embedder();
    }
    try (embedder) {
      assertThat(embedder.embed(rows)).hasDimensions(240, 8); // outlives what it was made from
    }
    assertThat(HostMemory.liveBytes()).isEqualTo(before);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void namesOfClassesTrainAsTheirNumbers() {
    List<String> names = Arrays.stream(labels.ids()).mapToObj(id -> "class " + id).toList();
    try (TrainedHead byName = Trainer.train(rows, ClassLabels.of(names), QUICK);
        TrainedHead byNumber = Trainer.train(rows, labels, QUICK)) {
      assertSame(byName.head(), byNumber.head());
      assertThat(byName.classNames()).startsWith("class 10").hasSize(6);
      assertThat(byName.classes()).containsExactly(0, 1, 2, 3, 4, 5);
    }
  }

  @Test
  void itStopsEarlyAndDeliversTheBestHead() {
    TrainingOptions options = QUICK.adam(0).earlyStop(2).epochs(50);
    try (TrainedHead trained = Trainer.train(rows, labels, options)) {
      assertThat(trained.stoppedEarly()).isTrue();
      assertThat(trained.bestEpoch()).isEqualTo(1);
      assertThat(trained.history()).hasSize(3);
    }
    try (TrainedHead first = Trainer.train(rows, labels, QUICK.epochs(0))) {
      assertThat(first.bestEpoch()).isZero();
      assertThat(first.history()).isEmpty();
    }
  }

  @Test
  void whatContradictsTheDataIsRefusedInOneSentence() {
    long before = HostMemory.liveBytes();
    refusedOptions(
        QUICK.dataset("fashion-mnist"),
        "data.dataset: \"fashion-mnist\" contradicts the features that the program hands over");
    refusedOptions(
        QUICK.files(Path.of("/x.npy"), Path.of("/y.npy")),
        "data.features: /x.npy contradicts the features that the program hands over");
    refusedOptions(QUICK.classes(10, 3), "data.classes: the data has no sample of class 3");
    refusedOptions(QUICK.batch(500), "sampler.batch: 500 is more than the 192 training samples");
    refusedOptions(QUICK.device("gpu"), "device: 'gpu' is unknown");
    refusedOptions(QUICK.metrics("r@x"), "evaluate.metrics: ");
    refused(() -> Trainer.train(rows, ClassLabels.of(1, 2), QUICK))
        .hasMessage("labels: 2 for 240 rows of features; give one each");
    float[] broken = clouds.features().toFloats();
    broken[5 * 12 + 3] = Float.NaN;
    refusedAt(
        () -> Trainer.train(Rows.of(broken, 12), labels, QUICK),
        "the program's data: features[5, 3] is NaN or infinite");
    assertThat(HostMemory.liveBytes()).isEqualTo(before);
  }

  private void refusedOptions(TrainingOptions options, String sentence) {
    refusedAt(() -> Trainer.train(rows, labels, options), sentence);
  }

  /** The same in a run folder: a configuration of files was silently ignored. */
  @Test
  void aFolderRunRefusesTwoSourcesOfDataBeforeItBegins() {
    Path run = folder.resolve("run");
    refused(
        () ->
            Trainer.train(
                QUICK.dataset("fashion-mnist").config(),
                clouds,
                run,
                RunMode.NEW,
                TrainingListener.NONE),
        "contradicts the features");
    assertThat(run.resolve("config.json")).doesNotExist();
    Trainer.train(QUICK.config(), clouds, run, RunMode.NEW, TrainingListener.NONE);
    resumeRefused(Samples.clouds(arena, 200, 12, 6), run, "the run there has 240 rows, the data");
    resumeRefused(
        Samples.clouds(arena, 240, 9, 6), run, "has 12 numbers in a row, the data now has 9");
    resumeRefused(Samples.clouds(arena, 240, 12, 5), run, "the data has changed since this run");
  }

  /** What explains a run needs its data again. */
  @Test
  void aFolderRunOnThisDataIsOpenedWithIt() {
    Path run = folder.resolve("run");
    TrainResult result =
        Trainer.train(QUICK.config(), clouds, run, RunMode.NEW, TrainingListener.NONE);
    try (Backend backend = Backend.cpu()) {
      TrainedRun opened = TrainedRun.open(run, clouds, backend, arena);
      assertSame(opened.head(), Head.load(result.head(), arena));
      assertThat(opened.training().samples()).isEqualTo(192);
      FeatureSet other = Samples.clouds(arena, 240, 12, 5);
      refused(
          () -> TrainedRun.open(run, other, backend, arena),
          "the data has changed since this run began");
      refused(() -> TrainedRun.open(run, backend, arena), "features handed over by a program");
    }
  }

  private static void resumeRefused(FeatureSet other, Path run, String sentence) {
    refused(
        () -> Trainer.train(QUICK.config(), other, run, RunMode.RESUME, TrainingListener.NONE),
        sentence);
  }

  @Test
  void aRunThatFailsOrIsStoppedGivesItsMemoryBack() {
    long before = HostMemory.liveBytes();
    float[] x = clouds.features().toFloats();
    Arrays.fill(x, Float.MAX_VALUE); // sums of some are beyond float32
    assertThatThrownBy(() -> Trainer.train(Rows.of(x, 12), labels, QUICK))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("is NaN or infinite")
        .hasMessageContaining("train again with smaller parameters of the loss")
        .hasMessageNotContaining("checkpoint");
    TrainingListener interrupting = Samples.stepping(step -> Thread.currentThread().interrupt());
    assertThatThrownBy(() -> Trainer.train(rows, labels, QUICK, interrupting))
        .isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(HostMemory.liveBytes()).isEqualTo(before);
  }
}
