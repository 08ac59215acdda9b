package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import io.vicinal.data.Npy;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wrong neighbours of digits that the head never saw, against a search written down here. */
class ExplainConfusionsTest {
  @TempDir private Path folder;

  @Test
  void everyWrongNeighbourIsListedAndMeasured() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Outcome outcome = fixture.explained("confusions");
    double[][] units = units(fixture);
    long[] labels = labels(fixture);
    List<String> rows = Files.readAllLines(fixture.at("out/confusions.csv"));
    assertThat(rows.get(0)).isEqualTo("i,j,label_i,label_j,squared_distance");
    int at = 1;
    for (int i = 0; i < units.length; i++) {
      int j = nearest(units, i);
      if (labels[i] != labels[j]) {
        String[] cells = rows.get(at++).split(",");
        assertThat(List.of(cells).subList(0, 4))
            .containsExactly("" + i, "" + j, "" + labels[i], "" + labels[j]);
        assertThat(Double.parseDouble(cells[4])).isCloseTo(squared(units, i, j), within(1e-6));
      }
    }
    assertThat(at).isEqualTo(rows.size()).as("some are wrong").isGreaterThan(10);

    JsonObject summary = fixture.json("out/summary.json");
    assertThat(summary.get("wrong").getAsInt()).isEqualTo(at - 1);
    assertThat(summary.get("recall_at_1").getAsDouble())
        .isCloseTo(1 - (at - 1.0) / units.length, within(1e-12));
    assertThat(summary.getAsJsonObject("data").get("test_sha256").getAsString()).hasSize(64);
    assertThat(outcome.out()).contains(at - 1 + " of " + units.length, "mostly found");
    List<String> classes = Files.readAllLines(fixture.at("out/worst-classes.csv"));
    assertThat(classes).hasSizeBetween(3, 5);
    long wrong = classes.stream().skip(1).mapToLong(l -> Long.parseLong(l.split(",")[2])).sum();
    assertThat(wrong).isEqualTo(at - 1);
  }

  @Test
  void aRunFolderNamesItsOwnModelAndTestSamples() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    fixture.explained("confusions");
    byte[] arrays = Files.readAllBytes(fixture.at("out/confusions.csv"));
    fixture.explainedRun("confusions");
    assertThat(fixture.at("out/confusions.csv")).hasBinaryContent(arrays);
    fixture.explainedRun("confusions", "--test-features", null, "--test-labels", null);
    assertThat(fixture.json("out/summary.json").getAsJsonObject("data").get("test").toString())
        .contains("validation");
  }

  /** One distance for everybody, and that by which it was found where that is another one. */
  @Test
  void rawNeighboursHaveBothDistances() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    fixture.explained("confusions", "--metric", "raw");
    List<String> rows = Files.readAllLines(fixture.at("out/confusions.csv"));
    assertThat(rows).hasSizeGreaterThan(1);
    double[][] units = units(fixture);
    for (String row : rows.subList(1, rows.size())) {
      String[] cells = row.split(",");
      int i = Integer.parseInt(cells[0]);
      int j = Integer.parseInt(cells[1]);
      assertThat(Double.parseDouble(cells[4])).isCloseTo(squared(units, i, j), within(1e-6));
      assertThat(Double.parseDouble(cells[5])).isNotCloseTo(squared(units, i, j), within(1e-3));
    }
  }

  /** A sample that can find nothing right is no confusion, and enters no share. */
  @Test
  void loneSamplesAreLeftOut() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    long[] labels = labels(fixture);
    for (int i = 0; i < 5; i++) {
      labels[i] = 100 + i;
    }
    NpyBytes.longs(fixture.at("ty.npy"), labels);
    Outcome outcome = fixture.explained("confusions");
    List<String> rows = Files.readAllLines(fixture.at("out/confusions.csv"));
    assertThat(rows).hasSizeGreaterThan(5).noneMatch(row -> row.matches("[0-4],.*"));
    assertThat(Files.readString(fixture.at("out/worst-classes.csv"))).doesNotContain("\n10");
    int counted = labels.length - 5;
    assertThat(outcome.out())
        .contains(
            rows.size() - 1 + " of " + counted + " test samples find a wrong neighbour",
            "5 test samples are each the only one of their class and left out");
    JsonObject summary = fixture.json("out/summary.json");
    assertThat(summary.get("lone").getAsInt()).isEqualTo(5);
    assertThat(summary.get("recall_at_1").getAsDouble())
        .isCloseTo(1 - (rows.size() - 1.0) / counted, within(1e-12));

    for (int i = 0; i < labels.length; i++) {
      labels[i] = i;
    }
    NpyBytes.longs(fixture.at("ty.npy"), labels);
    assertThat(fixture.explained("confusions").out())
        .contains(labels.length + " test samples are each the only one")
        .doesNotContain("NaN");
    Outcome.of(fixture.explain("pair")).failed(2, "no two test samples have the same label");
  }

  @Test
  void noWrongSampleIsAResult() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    NpyBytes.longs(fixture.at("ty.npy"), new long[labels(fixture).length]);
    Outcome outcome = fixture.explained("confusions", "--metric", "raw");
    assertThat(outcome.out()).contains("0 of", "no class is confused");
    assertThat(fixture.at("out/confusions.csv"))
        .hasContent("i,j,label_i,label_j,squared_distance,raw_squared_distance");
  }

  private static long[] labels(ExplainFixture fixture) {
    try (Arena arena = Arena.host()) {
      return Npy.read(fixture.at("ty.npy"), arena).toLongs();
    }
  }

  private static double[][] units(ExplainFixture fixture) {
    try (Arena arena = Arena.host()) {
      Map<String, Tensor> head = Safetensors.read(fixture.at("head.safetensors"), arena);
      double[] w = head.get("weight").toDoubles();
      double[] b = head.get("bias").toDoubles();
      double[] x = Npy.read(fixture.at("T.npy"), arena).toDoubles();
      int d = b.length;
      int width = w.length / d;
      double[][] units = new double[x.length / width][d];
      for (int i = 0; i < units.length; i++) {
        double norm = 0;
        for (int a = 0; a < d; a++) {
          units[i][a] = b[a];
          for (int k = 0; k < width; k++) {
            units[i][a] += w[a * width + k] * x[i * width + k];
          }
          norm += units[i][a] * units[i][a];
        }
        for (int a = 0; a < d; a++) {
          units[i][a] /= Math.sqrt(norm);
        }
      }
      return units;
    }
  }

  private static int nearest(double[][] units, int i) {
    int best = -1;
    for (int j = 0; j < units.length; j++) {
      if (j != i && (best < 0 || squared(units, i, j) < squared(units, i, best))) {
        best = j;
      }
    }
    return best;
  }

  private static double squared(double[][] units, int i, int j) {
    double sum = 0;
    for (int a = 0; a < units[i].length; a++) {
      sum += (units[i][a] - units[j][a]) * (units[i][a] - units[j][a]);
    }
    return sum;
  }
}
