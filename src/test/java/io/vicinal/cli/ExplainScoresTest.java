package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scores of pairs and groups of digits, through files. */
class ExplainScoresTest {
  @TempDir private Path folder;

  @Test
  void pairsAreScoredAndWhatTheNumbersRestOnIsSaid() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n");
    Outcome outcome =
        fixture.explained(
            "pair", "--pairs", fixture.text("pairs.csv"), "--damping", "10x", "--sets", "");
    double[][] scores = matrix(fixture.at("out/scores.npy"));
    assertThat(scores).hasDimensions(2, samples(fixture));
    JsonObject queries = fixture.json("out/queries.json");
    JsonObject first = queries.getAsJsonArray("queries").get(0).getAsJsonObject();
    assertThat(first.get("id").getAsString()).isEqualTo("pair 5-26");
    assertThat(first.get("value").getAsDouble()).isBetween(0.0, 4.0);

    JsonObject summary = fixture.json("out/summary.json");
    JsonObject solver = summary.getAsJsonObject("solver");
    assertThat(solver.get("multiple").getAsDouble()).isCloseTo(10, within(1e-9));
    assertThat(solver.get("lambda").getAsDouble())
        .isCloseTo(10 * solver.get("unit_value").getAsDouble(), within(1e-12));
    JsonObject method = summary.getAsJsonArray("methods").get(0).getAsJsonObject();
    assertThat(method.get("method").getAsString()).isEqualTo("if");
    assertThat(method.get("largest_residual").getAsDouble()).isBetween(0.0, 1e-3);
    JsonArray facts = method.getAsJsonArray("queries");
    assertThat(facts).hasSize(2);
    JsonObject fact = facts.get(0).getAsJsonObject();
    assertThat(fact.get("reference").getAsString()).isEqualTo("re-converged");
    assertThat(fact.get("unit").getAsString()).isEqualTo("squared distance");
    long harmful = count(scores[0], 1);
    assertThat(fact.get("harmful").getAsLong()).isEqualTo(harmful);
    assertThat(longs(fixture.at("out/harmful-0.npy"))).hasSize((int) harmful);
    assertThat(longs(fixture.at("out/helpful-0.npy"))).hasSize((int) count(scores[0], -1));

    List<String> top = Files.readAllLines(fixture.at("out/top.csv"));
    String[] cells = top.get(1).split(",");
    assertThat(List.of(cells).subList(0, 4)).containsExactly("if", "pair 5-26", "harmful", "1");
    assertThat(Double.parseDouble(cells[6])).isEqualTo(max(scores[0]));
    assertThat(Double.parseDouble(cells[6])).isEqualTo(scores[0][Integer.parseInt(cells[4])]);
    assertThat(outcome.out()).contains("forecast", "pair 15-64", "2 queries");
  }

  @Test
  void severalMethodsOfGroupsOnARunHaveAFileEach() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    String methods = "if,if-gn,ekfac,gradient,eif,lissa,fisher,tracin,self";
    fixture.explainedRun("group", "--groups", "2", "--method", methods);
    double[][] exact = matrix(fixture.at("out/scores-if.npy"));
    assertThat(exact).hasDimensions(2, samples(fixture));
    long trained = count(exact[0], 0) + count(exact[0], 1) + count(exact[0], -1);
    assertThat(trained).as("validation samples are not trained on").isLessThan(exact[0].length);
    for (String method : methods.replace("lissa", "if-seed").split(",")) { // one method's names
      double[][] scores = matrix(fixture.at("out/scores-" + method + ".npy"));
      assertThat(scores).hasNumberOfRows(method.equals("self") ? 1 : 2);
      for (int i = 0; i < scores[0].length; i++) {
        assertThat(Double.isNaN(scores[0][i])).as(method).isEqualTo(Double.isNaN(exact[0][i]));
      }
    }
    assertThat(harmfulWhen(fixture, "if-seed")).isEqualTo("below 0");
    assertThat(harmfulWhen(fixture, "eif")).isEqualTo("above 0");
    assertThat(fixture.at("out/scores.npy")).doesNotExist();
    fixture.explainedRun("group", "--groups", "1", "--method", "ekfac");
    assertThat(fixture.at("out/scores.npy")).isRegularFile();
    assertThat(fixture.at("out/scores-if.npy")).as("of another call").doesNotExist();
  }

  @Test
  void duplicatesOfTwoClassesAreAtDistanceZeroAndNobodyIsToBlame() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    float[] row = new float[ExplainFixture.WIDTH];
    Arrays.fill(row, 0.5f);
    float[] rows = Arrays.copyOf(row, 3 * row.length);
    System.arraycopy(row, 0, rows, row.length, row.length);
    rows[2 * row.length] = 9;
    NpyBytes.floats(fixture.at("T.npy"), rows, 3, row.length);
    NpyBytes.longs(fixture.at("ty.npy"), 1, 2, 1);
    fixture.explained("pair", "--method", "if,ekfac,eif");
    for (String method : new String[] {"if", "ekfac", "eif"}) {
      double[] scores = matrix(fixture.at("out/scores-" + method + ".npy"))[0];
      assertThat(Arrays.stream(scores).map(Math::abs).max().getAsDouble())
          .as(method)
          .isLessThan(1e-9);
    }
  }

  /** Without curvature there is no unit; what is advised then works. */
  @Test
  void withoutCurvatureTheAdviceWorks() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    int samples = samples(fixture);
    NpyBytes.floats(
        fixture.at("X.npy"),
        new float[samples * ExplainFixture.WIDTH],
        samples,
        ExplainFixture.WIDTH);
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n");
    String[] pairs = {"--pairs", fixture.text("pairs.csv"), "--damping", "auto"};
    Outcome refused = Outcome.of(fixture.explain("pair", pairs));
    refused.failed(2, "damping", "mean eigenvalue is 0.0", "give a number such as ");
    pairs[3] = refused.err().replaceFirst("(?s).*such as ([0-9.]+).*", "$1");
    Outcome given = fixture.explained("pair", pairs);
    assertThat(given.out())
        .contains("damping: lambda 0.01000", "No training sample has an effect")
        .doesNotContain("next: ", "10x");
    assertThat(matrix(fixture.at("out/scores.npy"))[0]).containsOnly(0);
  }

  /** The sign that the original script gives to harmful samples. */
  private static String harmfulWhen(ExplainFixture fixture, String method) throws IOException {
    for (var entry : fixture.json("out/summary.json").getAsJsonArray("methods")) {
      JsonObject json = entry.getAsJsonObject();
      if (json.get("method").getAsString().equals(method)) {
        JsonObject first = json.getAsJsonArray("queries").get(0).getAsJsonObject();
        return first.get("original_harmful_when").getAsString();
      }
    }
    throw new AssertionError(method);
  }

  static double[][] matrix(Path file) {
    try (Arena arena = Arena.host()) {
      Tensor tensor = Npy.read(file, arena);
      assertThat(tensor.dtype()).isEqualTo(DType.F64);
      double[][] rows = new double[(int) tensor.dim(0)][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = tensor.rows(i, i + 1L).toDoubles();
      }
      return rows;
    }
  }

  private static long[] longs(Path file) {
    try (Arena arena = Arena.host()) {
      return Npy.read(file, arena).toLongs();
    }
  }

  private static int samples(ExplainFixture fixture) {
    return longs(fixture.at("y.npy")).length;
  }

  private static long count(double[] values, int sign) {
    return Arrays.stream(values).filter(v -> Math.signum(v) == sign).count();
  }

  private static double max(double[] values) {
    return Arrays.stream(values).filter(v -> !Double.isNaN(v)).max().getAsDouble();
  }
}
