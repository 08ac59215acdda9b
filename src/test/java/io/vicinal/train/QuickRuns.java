package io.vicinal.train;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;

/** Runs of a moment, for tests of training. */
abstract class QuickRuns {
  @TempDir Path folder;
  @AutoClose final Arena arena = Arena.host();

  /** Small and quick: 240 samples of 6 classes in 12 dimensions. */
  static RunConfig quick(String... overrides) {
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

  TrainResult run(Path path, RunConfig config) {
    return Trainer.train(
        config, Samples.clouds(arena, 240, 12, 6), path, RunMode.NEW, TrainingListener.NONE);
  }

  static List<JsonObject> metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.get("epoch").getAsInt() > 0)
        .toList();
  }

  Map<String, Tensor> lastState(Path run) {
    try (var files = Files.list(run.resolve("checkpoint"))) {
      Path state =
          files.filter(f -> f.toString().endsWith(".safetensors")).findFirst().orElseThrow();
      return Safetensors.read(state, arena);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  static TrainingListener noting(List<String> notes) {
    return new TrainingListener() {
      @Override
      public void note(String sentence) {
        notes.add(sentence);
      }
    };
  }
}
