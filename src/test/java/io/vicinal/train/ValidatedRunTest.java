package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.nn.Head;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What validation decides: the best head, the end, the rates, and whether the head helps. */
class ValidatedRunTest extends QuickRuns {
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
}
