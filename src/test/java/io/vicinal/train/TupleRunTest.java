package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.ClassLabels;
import io.vicinal.data.DigitRows;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Rows;
import io.vicinal.data.Safetensors;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miners;
import io.vicinal.nn.Embedder;
import io.vicinal.nn.Head;
import io.vicinal.nn.Parameters;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs with losses of a batch. */
class TupleRunTest extends QuickRuns {
  /** Label sets, other embeddings of the same samples. */
  private static final List<String> WITH_MORE =
      List.of("multi-label-supcon", "adversarial-separation");

  static Stream<String> names() {
    return TupleLosses.names().stream().filter(name -> !WITH_MORE.contains(name));
  }

  static Stream<String> withMore() {
    return WITH_MORE.stream();
  }

  @ParameterizedTest
  @MethodSource("withMore")
  void whatNeedsMoreThanFeaturesAndLabelsIsRefused(String name) {
    refused(
        () -> quick("loss.name=" + name),
        "loss.name: " + name + " needs ",
        name.startsWith("multi") ? "needs label-sets [B, L], " : "needs sources [3, B, d], ",
        "more of each sample than its features and one label, which training does not have; it is"
            + " for 'vicinal loss'");
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyLossTrains(String name) {
    RunConfig config = quick("loss.name=" + name, "epochs=2", "optimizer.lr=0.001");
    TrainResult result = run(folder.resolve("run"), config);
    assertThat(result.report().head()).containsOnlyKeys("map@r", "r@1");
    Parameters head = Parameters.load(result.head(), arena);
    TupleLoss loss = TupleLosses.create(name, Map.of());
    List<String> learned =
        loss.learned().stream().map(parameter -> Head.beside(parameter.name())).toList();
    assertThat(head.names()).contains("weight", "bias").containsAll(learned);
    assertThat(head.names()).hasSize(2 + learned.size());
    assertThat(Safetensors.metadata(result.head()))
        .containsEntry("loss", name)
        .containsEntry("classes", "[10,11,12,13,14,15]");
    float[] start = loss(config).weight().toFloats();
    assertThat(head.get("weight").toFloats()).isNotEqualTo(start);
    try (Embedder embedder = Embedder.load(folder.resolve("run"))) {
      assertThat(embedder.embed(new float[12])).hasSize(8).doesNotContain(Float.NaN);
    }
  }

  private Head loss(RunConfig config) {
    return new RunLoss(config).head(12, 6, arena);
  }

  /** The classes that a search meets here are none of those that were trained on. */
  @Test
  void multiSimilarityRaisesRecall() {
    FeatureSet digits = DigitRows.all(arena);
    RunConfig config =
        RunConfig.defaults(
            "loss.name=multi-similarity",
            "head.embedding=32",
            "optimizer.lr=0.01",
            "evaluate.metric=r@1",
            "compute.threads=1",
            "epochs=5");
    TrainResult result =
        Trainer.train(config, digits, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE);
    assertThat(result.validation().get("r@1"))
        .isGreaterThan(result.report().rawFeatures().get("r@1") + 0.01);
    assertThat(result.validation().get("map@r"))
        .isGreaterThan(result.report().rawFeatures().get("map@r") + 0.2);
  }

  @Test
  void whatALossLearnsIsAGroupWithARateOfItsOwn() {
    String[] margin = {"loss={\"name\":\"margin\",\"learn-beta\":true,\"beta\":1.1}", "epochs=1"};
    float[] still = beta("still", margin, "optimizer.groups.beta.lr=0");
    assertThat(still).hasSize(6).containsOnly(1.1f);
    float[] slow = beta("slow", margin, "optimizer.groups.beta.lrScale=0.1");
    float[] fast = beta("fast", margin, "optimizer.groups.beta.lrScale=10");
    float[] frozen = beta("frozen", margin, "warmup={\"epochs\":1,\"groups\":[\"beta\"]}");
    assertThat(frozen).containsExactly(still);
    for (int c = 0; c < 6; c++) {
      assertThat(Math.abs(fast[c] - 1.1f)).isGreaterThan(5 * Math.abs(slow[c] - 1.1f)).isPositive();
    }
  }

  private float[] beta(String name, String[] settings, String more) {
    String[] all = Stream.concat(Stream.of(settings), Stream.of(more)).toArray(String[]::new);
    TrainResult result = run(folder.resolve(name), quick(all));
    return Parameters.load(result.head(), arena).get("beta").toFloats();
  }

  @Test
  void whatDoesNotFitIsASentenceBeforeTraining() {
    refused(
        () -> quick("loss.name=n-pair", "miner.name=distance"),
        "miner.name: miner: distance yields triplets, but n-pair takes sets; choose one of ");
    refused(
        () -> quick("loss.name=softmax", "miner.name=distance"),
        "softmax sees the whole batch and takes no mined tuples; leave the miner out");
    refused(
        () -> quick("loss.name=cosface", "miner.name=distance"),
        "miner.name: cosface compares samples with proxies; leave the miner out");
    refused(
        () -> quick("loss.name=triplet", "miner={\"name\":\"distance\",\"kutoff\":1}"),
        "miner.kutoff: unknown key",
        "(of distance)");
    refused(
        () -> quick("loss.name=triplet", "optimizer.groups.proxies.lr=1"),
        "optimizer.groups.proxies: unknown key; the keys here are: weight, bias");
    refused(
        () -> quick("loss={\"name\":\"margin\",\"learn-beta\":true}", "clip.groups=[\"gamma\"]"),
        "clip.groups: \"gamma\" is no group; the groups are: weight, bias, beta");
    refused(
        () -> HeadTraining.of(null, quick("loss.name=triplet")),
        "loss.name: triplet is one of the losses of a batch; a loss against proxies is needed"
            + " here: proxy-nca, ");
  }

  /** Of 240 samples 192 are trained on. */
  @Test
  void aQueueThatHoldsASampleTwiceIsNoted() {
    List<String> notes = new ArrayList<>();
    for (int size : new int[] {191, 192}) {
      notes.clear();
      Trainer.train(
          quick("loss.name=moco", "memory.size=" + size, "epochs=0"),
          Samples.clouds(arena, 240, 12, 6),
          folder.resolve("run" + size),
          RunMode.NEW,
          noting(notes));
      assertThat(notes.stream().filter(note -> note.startsWith("memory.size: a queue of 192 keys")))
          .hasSize(size - 191);
    }
  }

  @Test
  void whoNeedsProxiesSaysSo() {
    Path run = folder.resolve("run");
    TrainResult result = run(run, quick("loss.name=triplet", "epochs=1"));
    try (Backend backend = Backend.cpu()) {
      refused(
          () -> TrainedRun.open(run, Samples.clouds(arena, 240, 12, 6), backend, arena),
          run + ": loss.name: triplet is one of the losses of a batch; a loss against proxies is");
    }
    refused(
        () -> Head.load(result.head(), arena),
        "no head: tensors weight and proxies are needed, found [",
        "give the head of a loss against proxies");
    assertThat(Head.loadMap(result.head(), arena).proxies()).isNull();
  }

  @Test
  void inMemoryTheHeadIsTheSame() {
    TrainingOptions options =
        TrainingOptions.of(TupleLosses.create("triplet", Map.of("margin", "0.3")))
            .miner(Miners.create("distance", Map.of()))
            .embedding(8)
            .epochs(2)
            .threads(1);
    FeatureSet clouds = Samples.clouds(arena, 240, 12, 6);
    TrainResult result =
        Trainer.train(
            options.config(), clouds, folder.resolve("run"), RunMode.NEW, TrainingListener.NONE);
    Rows rows = Rows.of(clouds.features().toFloats(), 12);
    ClassLabels labels = ClassLabels.of(clouds.labels().toLongs());
    try (TrainedHead trained = Trainer.train(rows, labels, options)) {
      assertThat(trained.loss()).isNull();
      assertThat(trained.head().proxies()).isNull();
      assertThat(trained.head().weight().toFloats())
          .isEqualTo(Head.loadMap(result.head(), arena).weight().toFloats());
      assertThat(trained.embedder().embed(new float[12])).hasSize(8);
    }
  }
}
