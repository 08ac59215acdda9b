package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.config.ScheduleConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import io.vicinal.nn.ProxyStart;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadTrainingTest {
  @AutoClose private static final Backend BACKEND = Backend.cpu();
  @AutoClose private static final Arena ARENA = Arena.host();
  private static final int CLASSES = 4;
  private static final FeatureSet CLOUDS = Samples.clouds(ARENA, 200, 12, CLASSES);
  private static final long[] LABELS =
      Arrays.stream(CLOUDS.labels().toLongs()).map(y -> y - 10).toArray();
  private static final RunConfig CONFIG =
      RunConfig.defaults(
          "loss.name=normalized-softmax",
          "head.embedding=6",
          "sampler.batch=32",
          "epochs=3",
          "validation.fraction=0");

  @Test
  void aScheduleThatNobodyMakesIsRefused() {
    ScheduleConfig cycle =
        new ScheduleConfig("cycle", 0, List.of(), 1, 0, null, 0, ScheduleConfig.Rise.NONE);
    assertThatThrownBy(() -> Parts.schedule(cycle, 1, 1))
        .hasMessage("schedule.name: \"cycle\" is unknown");
    RunConfig late = RunConfig.defaults("schedule={\"name\":\"cosine\",\"warmup\":{\"steps\":60}}");
    refused(
        () -> Parts.schedule(late.schedule(), 20, 3),
        "schedule.warmup.steps: 60 leave nothing of the cosine's 60 steps; lower it");
    assertThat(Parts.schedule(late.schedule(), 21, 3).factor()).isEqualTo(0.1);
  }

  @Test
  void itIsTheTrainersLoopWithoutTheFolder(@TempDir Path folder) {
    TrainResult result =
        Trainer.train(CONFIG, CLOUDS, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE);
    try (Arena arena = Arena.host()) {
      Head saved = Head.load(result.head(), arena);
      Head made = train(Supervision.hard(CLASSES, LABELS));
      assertThat(made.weight().toFloats()).isEqualTo(saved.weight().toFloats());
      assertThat(made.bias().toFloats()).isEqualTo(saved.bias().toFloats());
      assertThat(made.proxies().toFloats()).isEqualTo(saved.proxies().toFloats());
    }
  }

  /** The learning rates followed the validation, and a later head was not the best. */
  @Test
  void aReplayEndsAtTheDeliveredHead(@TempDir Path folder) {
    RunConfig config =
        RunConfig.defaults(
            "loss.name=normalized-softmax",
            "head.embedding=6",
            "sampler.batch=32",
            "epochs=16",
            "optimizer.lr=2",
            "schedule.name=plateau",
            "schedule.patience=0",
            "schedule.factor=0.5",
            "validation.fraction=0.3");
    Path run = folder.resolve("run");
    TrainResult result = Trainer.train(config, CLOUDS, run, RunMode.NEW, TrainingListener.NONE);
    Replay.Plan plan = Replay.of(run, BACKEND);
    assertThat(plan.epochs()).isEqualTo(result.bestEpoch());
    List<Double> rates = new ArrayList<>();
    try (Arena arena = Arena.host()) {
      TrainedRun trained = TrainedRun.open(run, CLOUDS, BACKEND, arena);
      FeatureSet training = trained.training();
      Head made =
          plan.training()
              .watchedBy(
                  new HeadTraining.Listener() {
                    @Override
                    public void stepping(HeadTraining.Step step) {
                      rates.add(step.learningRates().get("weight"));
                    }

                    @Override
                    public void ended(int epoch, Head head) {}
                  })
              .train(
                  training.features(),
                  Supervision.hard(CLASSES, training.labels().toLongs()),
                  arena);
      assertThat(made.weight().toFloats()).isEqualTo(trained.head().weight().toFloats());
      assertThat(made.proxies().toFloats()).isEqualTo(trained.head().proxies().toFloats());
    }
    assertThat(result.bestEpoch()).isBetween(2, 15);
    assertThat(rates.get(0)).isEqualTo(2);
    assertThat(rates.get(rates.size() - 1)).isLessThan(2);
  }

  /** What the run delivered, also where it did not end there, is what tracin follows. */
  @Test
  void aReplayOfAnAveragedRunEndsAtItsAverage(@TempDir Path folder) {
    RunConfig config =
        RunConfig.defaults(
            "loss.name=normalized-softmax",
            "head.embedding=6",
            "sampler.batch=32",
            "epochs=9",
            "optimizer.lr=1",
            "average.decay=0.9",
            "validation.fraction=0.3");
    Path run = folder.resolve("run");
    TrainResult result = Trainer.train(config, CLOUDS, run, RunMode.NEW, TrainingListener.NONE);
    assertThat(result.bestEpoch()).isLessThan(9);
    List<float[]> ends = new ArrayList<>();
    try (Arena arena = Arena.host()) {
      TrainedRun trained = TrainedRun.open(run, CLOUDS, BACKEND, arena);
      FeatureSet training = trained.training();
      Head made =
          Replay.of(run, BACKEND)
              .training()
              .watchedBy((epoch, head) -> ends.add(head.weight().toFloats()))
              .train(
                  training.features(),
                  Supervision.hard(CLASSES, training.labels().toLongs()),
                  arena);
      assertThat(made.weight().toFloats()).isEqualTo(trained.head().weight().toFloats());
      assertThat(made.bias().toFloats()).isEqualTo(trained.head().bias().toFloats());
      assertThat(made.proxies().toFloats()).isEqualTo(trained.head().proxies().toFloats());
      assertThat(ends).hasSize(result.bestEpoch());
      assertThat(ends.get(ends.size() - 1)).isNotEqualTo(made.weight().toFloats());
    }
  }

  /** Rates that change with every step, and follow the validation: each is what the run had. */
  @Test
  void aReplayHasTheRatesOfEveryStep(@TempDir Path folder) throws IOException {
    RunConfig config =
        RunConfig.defaults(
            "loss.name=normalized-softmax",
            "head.embedding=6",
            "sampler.batch=32",
            "epochs=9",
            "optimizer.lr=0.3",
            "schedule={\"name\":\"plateau\",\"patience\":0,\"factor\":0.3,\"warmup\":{\"steps\":10}}",
            "validation.fraction=0.3");
    Path run = folder.resolve("run");
    TrainResult result = Trainer.train(config, CLOUDS, run, RunMode.NEW, TrainingListener.NONE);
    List<Double> logged = new ArrayList<>(); // of each epoch's last step
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      JsonObject o = JsonParser.parseString(line).getAsJsonObject();
      if (o.has("lr")) {
        logged.add(o.getAsJsonObject("lr").get("weight").getAsDouble());
      }
    }
    List<Double> rates = new ArrayList<>();
    Map<Integer, Double> last = new TreeMap<>();
    Replay.Plan plan = Replay.of(run, BACKEND);
    try (Arena arena = Arena.host()) {
      TrainedRun trained = TrainedRun.open(run, CLOUDS, BACKEND, arena);
      FeatureSet training = trained.training();
      HeadTraining.Listener listener =
          new HeadTraining.Listener() {
            @Override
            public void stepping(HeadTraining.Step step) {
              rates.add(step.learningRates().get("weight"));
              last.put(step.epoch(), step.learningRates().get("weight"));
            }

            @Override
            public void ended(int epoch, Head head) {}
          };
      Head made =
          plan.training()
              .watchedBy(listener)
              .train(
                  training.features(),
                  Supervision.hard(CLASSES, training.labels().toLongs()),
                  arena);
      assertThat(made.weight().toFloats()).isEqualTo(trained.head().weight().toFloats());
    }
    assertThat(result.bestEpoch()).isGreaterThan(3);
    assertThat(rates.get(0)).isEqualTo(0.3 * 0.1);
    assertThat(rates.get(5)).isEqualTo(0.3 * (0.1 + 0.9 * 5 / 10));
    assertThat(last.values()).containsExactlyElementsOf(logged.subList(0, result.bestEpoch()));
    assertThat(logged.get(result.bestEpoch() - 1)).isLessThan(0.3); // the plateau acted
  }

  /**
   * The delivered head is older than the warm-up is long, which no run of so few epochs could be.
   */
  @Test
  void aReplayMayEndWithinTheWarmUp(@TempDir Path folder) {
    RunConfig config =
        RunConfig.defaults(
            "loss.name=normalized-softmax",
            "head.embedding=6",
            "epochs=6",
            "earlyStop.patience=1",
            "schedule={\"name\":\"cosine\",\"warmup\":{\"epochs\":5,\"from\":0}}",
            "optimizer.lr=1e-9",
            "validation.fraction=0.3");
    Path run = folder.resolve("run");
    TrainResult result = Trainer.train(config, CLOUDS, run, RunMode.NEW, TrainingListener.NONE);
    assertThat(result.bestEpoch()).isBetween(1, 5);
    assertThat(Replay.of(run, BACKEND).epochs()).isEqualTo(result.bestEpoch());
  }

  /** Of two groups one waits two epochs and the other one. */
  @Test
  void groupsWarmUpOnTheirOwn() {
    RunConfig config =
        RunConfig.defaults(
            "loss.name=normalized-softmax",
            "head.embedding=6",
            "sampler.batch=32",
            "epochs=4",
            "warmup={\"epochs\":1,\"groups\":[\"weight\",\"bias\"]}",
            "optimizer.groups.weight.warmup=2",
            "validation.fraction=0");
    List<List<float[]>> after = new ArrayList<>();
    HeadTraining.of(BACKEND, config)
        .watchedBy(
            (epoch, head) ->
                after.add(
                    List.of(
                        head.weight().toFloats(),
                        head.bias().toFloats(),
                        head.proxies().toFloats())))
        .train(CLOUDS.features(), Supervision.hard(CLASSES, LABELS), ARENA);
    assertThat(after.get(1).get(0)).isEqualTo(after.get(0).get(0));
    assertThat(after.get(2).get(0)).isNotEqualTo(after.get(1).get(0));
    assertThat(after.get(1).get(1)).isNotEqualTo(after.get(0).get(1));
    assertThat(after.get(1).get(2)).isNotEqualTo(after.get(0).get(2));
  }

  /** Plain gradient descent moves a parameter by its rate times its clipped gradient. */
  @Test
  void groupsAreClippedOnTheirOwn() {
    double[] plain = moved("clip.value=0");
    double[] together = moved("clip.norm=1e-4");
    assertThat(norm(together)).isCloseTo(1e-4, within(1e-6));
    double[] apart =
        moved(
            "clip.norm=1e-4",
            "optimizer.groups.bias.clip.norm=1e-5",
            "optimizer.groups.proxies.clip.value=0");
    assertThat(apart[0]).isCloseTo(1e-4, within(1e-6)); // alone in its set
    assertThat(apart[1]).isCloseTo(1e-5, within(1e-6));
    assertThat(apart[2]).isEqualTo(plain[2]);
  }

  /** How far one step with a rate of 1 moves weight, bias and proxies. */
  private static double[] moved(String... settings) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "loss.name=normalized-softmax",
                "head.embedding=6",
                "sampler.batch=200",
                "epochs=1",
                "optimizer={\"name\":\"sgd\",\"lr\":1,\"momentum\":0}",
                "compute.dtype=float64",
                "validation.fraction=0"));
    all.addAll(List.of(settings));
    RunConfig config = RunConfig.defaults(all.toArray(String[]::new));
    Tensor x = ARENA.allocate(DType.F64, CLOUDS.features().shape());
    x.copyFrom(CLOUDS.features());
    Head start =
        Head.initialise(ARENA, DType.F64, x.dim(1), 6, CLASSES, true, ProxyStart.NORMAL, 5);
    Head end =
        HeadTraining.of(BACKEND, config)
            .from(start)
            .train(x, Supervision.hard(CLASSES, LABELS), ARENA);
    return new double[] {
      distance(start.weight(), end.weight()),
      distance(start.bias(), end.bias()),
      distance(start.proxies(), end.proxies())
    };
  }

  private static double distance(Tensor a, Tensor b) {
    double[] before = a.toDoubles();
    double[] after = b.toDoubles();
    double[] moved = new double[before.length];
    Arrays.setAll(moved, i -> after[i] - before[i]);
    return norm(moved);
  }

  private static double norm(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
  }

  private static Head train(Supervision supervision) {
    return HeadTraining.of(BACKEND, CONFIG).train(CLOUDS.features(), supervision, ARENA);
  }

  @Test
  void onesAndOneHotRowsChangeNothingAndOtherValuesDo() {
    float[] plain = train(Supervision.hard(CLASSES, LABELS)).weight().toFloats();
    double[] weights = new double[LABELS.length];
    Arrays.fill(weights, 1);
    Supervision hard = Supervision.hard(CLASSES, LABELS);
    assertThat(train(hard.withWeights(weights)).weight().toFloats()).isEqualTo(plain);
    weights[3] = 0.25;
    assertThat(train(hard.withWeights(weights)).weight().toFloats()).isNotEqualTo(plain);
    double[][] soft = new double[LABELS.length][];
    soft[5] = new double[CLASSES];
    soft[5][(int) LABELS[5]] = 1;
    Supervision oneHot = new Supervision(CLASSES, LABELS, null, soft, null);
    float[] same = train(oneHot).weight().toFloats();
    for (int i = 0; i < plain.length; i++) {
      assertThat(same[i]).isCloseTo(plain[i], within(1e-5f));
    }
    Supervision drawn = new Supervision(CLASSES, LABELS, null, soft, 1L); // always its own label
    assertThat(train(drawn).weight().toFloats()).isEqualTo(plain);
    soft[5] = new double[] {0.25, 0.25, 0.25, 0.25};
    assertThat(train(new Supervision(CLASSES, LABELS, null, soft, null)).weight().toFloats())
        .isNotEqualTo(same);
  }

  @Test
  void itStartsWhereItIsToldAndLeavesFrozenPartsAlone() {
    Head start = train(Supervision.hard(CLASSES, LABELS));
    float[] before = start.weight().toFloats();
    List<Integer> epochs = new ArrayList<>();
    Head after =
        HeadTraining.of(BACKEND, CONFIG)
            .from(start)
            .freezing("bias", "proxies")
            .watchedBy((epoch, head) -> epochs.add(epoch))
            .train(
                CLOUDS.features(),
                Supervision.hard(CLASSES, LABELS),
                new long[] {
                  0, 1, 2, 3, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56,
                  57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67
                },
                ARENA);
    assertThat(epochs).containsExactly(1, 2, 3);
    assertThat(start.weight().toFloats()).isEqualTo(before); // a copy was trained
    assertThat(after.weight().toFloats()).isNotEqualTo(before);
    assertThat(after.bias().toFloats()).isEqualTo(start.bias().toFloats());
    assertThat(after.proxies().toFloats()).isEqualTo(start.proxies().toFloats());
  }

  @Test
  void whatDoesNotFitIsSaid() {
    refused(() -> Supervision.hard(3, LABELS), "sample 3 has label 3, outside 0..2");
    Supervision hard = Supervision.hard(CLASSES, LABELS);
    refused(() -> hard.withWeights(new double[2]), "weights: 2 for 200 samples");
    double[] negative = new double[LABELS.length];
    negative[7] = -1;
    refused(() -> hard.withWeights(negative), "sample 7 has weight -1.0");
    double[][] soft = new double[LABELS.length][];
    soft[2] = new double[] {0.5, 0.1, 0.1, 0.1};
    refused(
        () -> new Supervision(CLASSES, LABELS, null, soft, null), "row 2 is not 4 probabilities");
  }

  /** As in a run folder: the step, the tensor and the batch's samples are named. */
  @Test
  void aGradientThatIsNotFiniteStopsIt() {
    float[] huge = CLOUDS.features().toFloats();
    Arrays.fill(huge, 3e38f);
    Head start = train(Supervision.hard(CLASSES, LABELS));
    start.weight().set(new float[(int) start.weight().size()]); // embeddings are the bias, which
    float[] tiny = start.bias().toFloats(); // is near zero, where gradients are large
    for (int a = 0; a < tiny.length; a++) {
      tiny[a] = 1e-6f * (1 + a);
    }
    start.bias().set(tiny);
    Tensor features = ARENA.of(huge, CLOUDS.features().dim(0), CLOUDS.features().dim(1));
    assertThatThrownBy(
            () ->
                HeadTraining.of(BACKEND, CONFIG)
                    .from(start)
                    .train(features, Supervision.hard(CLASSES, LABELS), ARENA))
        .hasMessageContaining("training diverged at step 1 (epoch 1): gradient of weight is NaN")
        .hasMessageContaining("smaller parameters of the loss or features of a smaller scale")
        .isInstanceOfSatisfying(
            DivergedException.class,
            e -> {
              assertThat(e.tensor()).isEqualTo("gradient of weight");
              assertThat(e.sampleIds()).hasSize(32);
              assertThat(e.step()).isOne();
            });
  }

  @Test
  void anInterruptStopsItAndKeepsTheFlag() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> train(Supervision.hard(CLASSES, LABELS)))
        .isInstanceOf(CancelledException.class);
    assertThat(Thread.interrupted()).isTrue();
  }
}
