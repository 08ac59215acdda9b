package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.config.ConfigParser;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.train.RunMode;
import io.vicinal.train.Trainer;
import io.vicinal.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** The commands on a CUDA device against the same commands on the processor. */
@EnabledIfSystemProperty(named = "vicinal.test.device", matches = "cuda.*")
class CudaCommandsTest {
  @TempDir private Path folder;

  private static double[] values(Path file) throws IOException {
    try (Arena arena = Arena.host()) {
      return Npy.read(file, arena).toDoubles();
    }
  }

  private static void agree(double[] actual, double[] expected, double tolerance) {
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(actual).hasSameSizeAs(expected);
    assertThat(largest).isPositive();
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("element %d", i).isCloseTo(expected[i], within(tolerance * largest));
    }
  }

  private double[] scores(ExplainFixture fixture, String device, String method) throws IOException {
    String out = "out-" + device + "-" + method;
    fixture.explained(
        "pair --pairs % --method % --damping 100x --dtype float64 --tolerance 1e-6"
            + " --check 0 --device % --out %",
        fixture.text("pairs.csv"), method, device, fixture.text(out));
    return values(fixture.at(out + "/scores.npy"));
  }

  @Test
  void scoresAreThoseOfTheProcessor() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n");
    first(fixture, 100); // the emulated device takes its time, and the head need not be theirs
    for (String method : List.of("if", "ekfac", "if-seed", "eif", "gradient")) {
      agree(scores(fixture, "cuda", method), scores(fixture, "cpu", method), 1e-4);
    }
  }

  /** Explains by the first rows only. */
  private static void first(ExplainFixture fixture, int rows) throws IOException {
    try (Arena arena = Arena.host()) {
      float[] x = Npy.read(fixture.at("X.npy"), arena).rows(0, rows).toFloats();
      long[] y = Npy.read(fixture.at("y.npy"), arena).rows(0, rows).toLongs();
      NpyBytes.floats(fixture.at("X.npy"), x, rows, ExplainFixture.WIDTH);
      NpyBytes.longs(fixture.at("y.npy"), y);
    }
  }

  @Test
  void trainingTakesTheSameSteps() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    double[] weight = null;
    for (String device : List.of("cpu", "cuda")) {
      Path run = fixture.at("run-" + device);
      Trainer.train(
          ConfigParser.parse(
              fixture.at("c.json"),
              List.of("compute.device=" + device, "compute.dtype=float64", "epochs=1")),
          run,
          RunMode.NEW,
          TrainingListener.NONE);
      try (Arena arena = Arena.host()) {
        double[] now =
            Safetensors.read(run.resolve("head.safetensors"), arena).get("weight").toDoubles();
        if (weight != null) {
          agree(now, weight, 1e-9);
        }
        weight = now;
      }
    }
  }

  @Test
  void theDoctorNamesTheDevice() {
    Outcome outcome = Outcome.of("doctor").succeeded();
    assertThat(outcome.out()).containsPattern("device cuda +sm_\\d+, cuBLAS");
  }
}
