package io.vicinal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.config.ConfigParser;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.data.Safetensors;
import io.vicinal.nn.Embedder;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that an older version began, before parameters were named and losses had a state: 60 clouds
 * in 6 dimensions, stopped after 8 of 15 steps; and how that version ended it.
 */
class OldRunTest {
  private static final Path OLD = Path.of("src", "test", "resources", "old-run");

  @TempDir private Path folder;
  @AutoClose private final Arena arena = Arena.host();

  /** A machine of another kind may round otherwise. */
  @Test
  void itGoesOnAndEndsAsItWould() throws IOException {
    copy(OLD.resolve("killed"), folder);
    RunConfig config = ConfigParser.stored(folder.resolve("config.json"));
    FeatureSet clouds = Samples.clouds(arena, 60, 6, 3);
    TrainResult result =
        Trainer.train(config, clouds, folder, RunMode.RESUME, TrainingListener.NONE);
    assertThat(result.steps()).isEqualTo(15);
    assertThat(result.bestEpoch()).isEqualTo(4);
    same(result.head(), OLD.resolve("end").resolve("head.safetensors"));
    try (Stream<Path> files = Files.list(folder.resolve("checkpoint"))) {
      Path state = files.filter(f -> f.toString().endsWith(".safetensors")).findFirst().get();
      same(state, OLD.resolve("end").resolve("state.safetensors"));
    }
    assertThat(Files.readAllLines(folder.resolve("metrics.jsonl"))).hasSize(6);
    try (Backend backend = Backend.cpu()) {
      TrainedRun run = TrainedRun.open(folder, clouds, backend, arena);
      assertThat(run.head().proxies().dim(0)).isEqualTo(3);
    }
  }

  /** AdamW's default decay was everybody's once, and a run folder says it of everybody. */
  @Test
  void aRunThatDecaysItsProxiesGoesOnToDoSo() throws IOException {
    FeatureSet clouds = Samples.clouds(arena, 60, 6, 3);
    Path run = folder.resolve("run");
    String[] old = {
      "optimizer={\"name\":\"adamw\",\"weightDecay\":0.01,\"lr\":0.1}",
      "head.embedding=4",
      "compute.threads=1",
      "epochs=1"
    };
    Trainer.train(RunConfig.defaults(old), clouds, run, RunMode.NEW, TrainingListener.NONE);
    assertThat(Files.readString(run.resolve("config.json")).replaceAll("\\s", ""))
        .contains("\"weightDecay\":0.01,\"groups\":{\"weight\":{},\"bias\":{},\"proxies\":{}}");
    RunConfig more = ConfigParser.stored(run.resolve("config.json")).withEpochs(3);
    TrainResult end = Trainer.train(more, clouds, run, RunMode.RESUME, TrainingListener.NONE);
    TrainResult whole =
        Trainer.train(
            RunConfig.defaults(old).withEpochs(3),
            clouds,
            folder.resolve("whole"),
            RunMode.NEW,
            TrainingListener.NONE);
    assertThat(end.head()).hasSameBinaryContentAs(whole.head());
    old[0] = "optimizer={\"name\":\"adamw\",\"lr\":0.1}";
    TrainResult open =
        Trainer.train(
            RunConfig.defaults(old).withEpochs(3),
            clouds,
            folder.resolve("open"),
            RunMode.NEW,
            TrainingListener.NONE);
    assertThat(Safetensors.read(open.head(), arena).get("proxies").toFloats())
        .isNotEqualTo(Safetensors.read(end.head(), arena).get("proxies").toFloats());
  }

  private void same(Path found, Path expected) {
    Map<String, Tensor> a = Safetensors.read(found, arena);
    Map<String, Tensor> b = Safetensors.read(expected, arena);
    assertThat(a.keySet()).isEqualTo(b.keySet());
    b.forEach(
        (name, tensor) -> {
          if (tensor.dtype() == DType.I64) {
            assertThat(a.get(name).toLongs()).as(name).isEqualTo(tensor.toLongs());
            return;
          }
          double[] values = tensor.toDoubles();
          double[] own = a.get(name).toDoubles();
          for (int i = 0; i < values.length; i++) {
            assertThat(own[i])
                .as(name)
                .isCloseTo(values[i], within(1e-4 * Math.max(1e-3, Math.abs(values[i]))));
          }
        });
  }

  @Test
  void itsHeadEmbeds() {
    try (Embedder embedder = Embedder.load(OLD.resolve("killed"))) {
      assertThat(embedder.embed(new float[6])).hasSize(4);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target);
        }
      }
    }
  }
}
