package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A run that ends in a NaN or an infinity. */
class DivergedRunTest extends QuickRuns {
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
        .contains(
            "(20 in all); nothing is kept, since there is no checkpoint yet; ",
            "--restart with a lower optimizer.lr (now 1000000.0)");
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
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("(20 in all); what was good until the last checkpoint is kept, ");
    Map<String, Tensor> state = lastState(run);
    try (Backend backend = Backend.cpu()) {
      for (String name : List.of("weight", "bias", "proxies")) {
        assertThat(backend.findNonFinite(state.get(name))).isEqualTo(-1);
      }
    }
    assertThat(run.resolve("head.safetensors")).exists();
  }
}
