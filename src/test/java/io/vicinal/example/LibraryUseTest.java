package io.vicinal.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.config.RunConfig;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.estimate.Scores;
import io.vicinal.influence.study.DigitRows;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import io.vicinal.train.HeadTraining;
import io.vicinal.train.Supervision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of docs/library-use.md are this package's sources, and they work. */
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
  void scoresEveryTrainingSampleForAWrongNeighbour() {
    DigitRows digits = DigitRows.first(400);
    long[] labels = Arrays.stream(digits.labels()).map(y -> y % 5).toArray();
    RunConfig config = RunConfig.defaults("head.embedding=4", "epochs=5");
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      Tensor all = arena.of(digits.pixels(), 400, 64);
      Tensor y = arena.of(labels, 400);
      FeatureSet training = new FeatureSet(all.rows(0, 300), y.rows(0, 300), "training");
      FeatureSet test = new FeatureSet(all.rows(300, 400), y.rows(300, 400), "test");
      Loss loss = Losses.create("normalized-softmax");
      Supervision right = Supervision.hard(5, training.labels().toLongs());
      Head head =
          HeadTraining.of(backend, config).withLoss(loss).train(training.features(), right, arena);
      Scores scores = InfluenceUse.blame(backend, loss, training, head, test);
      assertThat(scores.values()).hasDimensions(1, 300);
      assertThat(scores.facts().get(0).residual()).isLessThan(1e-3);
      assertThat(scores.sets(0).harmful()).isNotEmpty();
      assertThat(scores.sets(0).helpful()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"LibraryUse", "InfluenceUse"})
  void thePageShowsThisSource(String name) throws Exception {
    String page = Files.readString(Path.of("docs/library-use.md"));
    String source =
        Files.readString(Path.of("src/test/java/io/vicinal/example/" + name + ".java"))
            .replaceFirst("package [^;]+;\n\n", "");
    assertThat(page).contains("```java\n" + source + "```\n");
  }
}
