package io.vicinal.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/library-use.md is this package's source, and it works. */
class LibraryUseTest {
  private static final int SAMPLES = 300;
  private static final int WIDTH = 12;
  private static final int CLASSES = 3;

  @TempDir private Path folder;

  @Test
  void trainsAnEmbeddingThatRetrievesBetterThanItsFeatures() {
    float[] x = new float[SAMPLES * WIDTH];
    long[] y = new long[SAMPLES];
    Random random = new Random(7);
    for (int i = 0; i < SAMPLES; i++) {
      y[i] = i % CLASSES;
      for (int j = 0; j < WIDTH; j++) {
        x[i * WIDTH + j] = (float) random.nextGaussian();
      }
      x[i * WIDTH + (int) y[i]] = (float) (2 + 0.3 * random.nextGaussian());
    }
    double raw;
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      EvaluationOptions options = EvaluationOptions.of("map@r").withNormalize(true);
      Evaluation before =
          new Evaluator(backend)
              .evaluate(arena.of(x, SAMPLES, WIDTH), arena.of(y, SAMPLES), options);
      raw = before.value("map@r");
    }
    Path run = folder.resolve("run");
    Evaluation after = LibraryUse.trainAndEvaluate(x, y, WIDTH, run);
    assertThat(after.value("map@r")).isGreaterThan(raw + 0.05);
    assertThat(after.value("r@1")).isBetween(0.5, 1.0);
    assertThat(run.resolve("head.safetensors")).exists();
  }

  @Test
  void thePageShowsThisSource() throws Exception {
    String page = Files.readString(Path.of("docs/library-use.md"));
    String source =
        Files.readString(Path.of("src/test/java/io/vicinal/example/LibraryUse.java"))
            .replaceFirst("package [^;]+;\n\n", "");
    assertThat(page).contains("```java\n" + source + "```\n");
  }
}
