package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sample's number is its position in the dataset, also where a run held some samples back. The
 * same commands on the arrays of the training samples alone say the same things in their own
 * numbers.
 */
class ExplainPositionsTest {
  private static final String DAMPING = "0.5"; // a number: multiples depend on the samples

  @TempDir private Path folder;
  private ExplainFixture fixture;
  private long[] labels;
  private int[] trained;

  @BeforeEach
  void runAndArrays() throws IOException {
    fixture = ExplainFixture.in(folder);
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n");
    run("pair", gradients());
    double[] scores = ExplainScoresTest.matrix(fixture.at("run-out/scores.npy"))[0];
    trained = IntStream.range(0, scores.length).filter(i -> !Double.isNaN(scores[i])).toArray();
    assertThat(trained.length).isBetween(scores.length / 2, scores.length - 1);
    float[] x;
    try (Arena arena = Arena.host()) {
      labels = Npy.read(fixture.at("y.npy"), arena).toLongs();
      x = Npy.read(fixture.at("X.npy"), arena).toFloats();
    }
    int width = ExplainFixture.WIDTH;
    float[] rows = new float[trained.length * width];
    for (int k = 0; k < trained.length; k++) {
      System.arraycopy(x, trained[k] * width, rows, k * width, width);
    }
    NpyBytes.floats(fixture.at("some.npy"), rows, trained.length, width);
    NpyBytes.longs(
        fixture.at("some-labels.npy"), Arrays.stream(trained).mapToLong(i -> labels[i]).toArray());
  }

  private String[] gradients() {
    return new String[] {
      "--pairs", fixture.text("pairs.csv"), "--method", "gradient", "--damping", DAMPING
    };
  }

  private void run(String command, String... more) {
    Object[] arguments = fixture.explainRun(command, "--out", fixture.text("run-out"));
    Outcome.of(ExplainNoiseTest.with(arguments, more)).succeeded();
  }

  private void some(String command, String... more) {
    Object[] arguments =
        fixture.explain(
            command,
            "--features",
            fixture.text("some.npy"),
            "--labels",
            fixture.text("some-labels.npy"),
            "--out",
            fixture.text("some-out"));
    Outcome.of(ExplainNoiseTest.with(arguments, more)).succeeded();
  }

  private static void same(double[] all, double[] some, int[] positions) {
    double largest = Arrays.stream(some).map(Math::abs).max().orElseThrow();
    assertThat(largest).isPositive();
    for (int k = 0; k < some.length; k++) {
      assertThat(all[positions[k]]).isCloseTo(some[k], within(1e-4 * largest));
    }
  }

  @Test
  void scores() {
    some("pair", gradients());
    same(
        ExplainScoresTest.matrix(fixture.at("run-out/scores.npy"))[0],
        ExplainScoresTest.matrix(fixture.at("some-out/scores.npy"))[0],
        trained);
  }

  /** Every label is looked at, whatever part of the samples a run has trained on. */
  @Test
  void suspects() throws IOException {
    String[] more = {"--detectors", "knn", "--budget", "25"};
    run("mislabel", more);
    Object[] arrays = fixture.explain("mislabel", "--out", fixture.text("all-out"));
    Outcome.of(ExplainNoiseTest.with(arrays, more)).succeeded();
    double[] all = ExplainScoresTest.matrix(fixture.at("run-out/scores.npy"))[0];
    int[] everyone = IntStream.range(0, labels.length).toArray();
    same(all, ExplainScoresTest.matrix(fixture.at("all-out/scores.npy"))[0], everyone);
    List<String[]> rows = ExplainNoiseTest.rows(fixture.at("run-out/suspects.csv"));
    List<String[]> others = ExplainNoiseTest.rows(fixture.at("all-out/suspects.csv"));
    assertThat(rows).hasSize(25);
    double before = Double.POSITIVE_INFINITY;
    for (int r = 0; r < 25; r++) {
      int position = Integer.parseInt(rows.get(r)[1]);
      assertThat(position).isEqualTo(Integer.parseInt(others.get(r)[1]));
      assertThat(Long.parseLong(rows.get(r)[2])).isEqualTo(labels[position]);
      assertThat(rows.get(r)[12]).as("its rank by the one detector").isEqualTo("" + (r + 1));
      assertThat(all[position]).isLessThanOrEqualTo(before);
      before = all[position];
    }
  }

  @Test
  void experiments() throws IOException {
    String[] few = {"--leave-out", "2", "--controls", "2", "--remove", "0", "--relabel", "0"};
    String[] more = Arrays.copyOf(gradients(), gradients().length + few.length);
    System.arraycopy(few, 0, more, gradients().length, few.length);
    run("verify", more);
    some("verify", more);
    Map<String, Double> predicted = new HashMap<>();
    for (String[] row : ExplainNoiseTest.rows(fixture.at("some-out/verification.csv"))) {
      String position = Integer.toString(trained[Integer.parseInt(row[2])]);
      predicted.merge(row[0] + " " + position, Double.parseDouble(row[5]), Double::sum);
    }
    Map<String, Double> found = new HashMap<>();
    for (String[] row : ExplainNoiseTest.rows(fixture.at("run-out/verification.csv"))) {
      assertThat(row[1])
          .as("ids are in the next column only")
          .isIn("remove", "weight x 1.01", "weight x 0.99");
      found.merge(row[0] + " " + row[2], Double.parseDouble(row[5]), Double::sum);
    }
    assertThat(found).hasSizeGreaterThanOrEqualTo(6).containsOnlyKeys(predicted.keySet());
    predicted.forEach((key, value) -> assertThat(found.get(key)).isCloseTo(value, within(1e-9)));
  }
}
