package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The field study and re-weighting of digits, through files. */
class ExplainStudyTest {
  @TempDir private Path folder;

  @Test
  void classesRunsAndNoiseAreStudied() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    long[] labels;
    try (Arena arena = Arena.host()) {
      labels = Npy.read(fixture.at("y.npy"), arena).toLongs();
    }
    StringBuilder noise = new StringBuilder("id,clean,noisy\n");
    for (int i = 0; i < 40; i++) {
      long clean = (labels[i] + 1) % ExplainFixture.CLASSES;
      noise.append(i).append(',').append(clean).append(',').append(labels[i]).append('\n');
    }
    Files.writeString(fixture.at("noise.csv"), noise);
    Outcome outcome =
        fixture.explainedRun(
            "study", "--noise", fixture.text("noise.csv"), "--with", fixture.text("run"));
    JsonObject summary = fixture.json("out/summary.json");
    List<String[]> rows = ExplainNoiseTest.rows(fixture.at("out/study.csv"));
    assertThat(rows).hasSize(ExplainFixture.CLASSES);
    JsonObject study = summary.getAsJsonObject("field_study");
    assertThat(rows.stream().mapToLong(row -> Long.parseLong(row[2])).sum())
        .isEqualTo(study.get("changed").getAsLong());
    assertThat(study.get("percent_of_all").getAsDouble())
        .isBetween(0.0, 30.0)
        .isLessThanOrEqualTo(study.get("percent_of_affected").getAsDouble());
    JsonObject noisy = summary.getAsJsonObject("noise");
    assertThat(noisy.get("purity_of_harmful").getAsDouble())
        .as("these labels are right, so every neighbourhood contradicts the claimed clean ones")
        .isLessThan(0.5);
    JsonElement shared = summary.getAsJsonObject("overlap").getAsJsonArray("shared").get(0);
    assertThat(shared.getAsJsonArray().get(0)).isEqualTo(shared.getAsJsonArray().get(1));
    assertThat(outcome.out())
        .contains("by entropy", "shared by all 2 runs", "neighbours of their right class")
        .doesNotContain("{", "the others are in study.csv"); // all are named
    assertThat(Files.readString(fixture.at("out/report.html")))
        .contains("neighbours of their right class");
  }

  /** Noise of its own making, as 'mislabel' has it: what was right is recommended again. */
  @Test
  void noiseAmongSimilarClassesIsMadeAndStudied() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Object[] study =
        fixture.explainRun("study", "--inject", "similar", "--rate", "0.2", "--rule", "knn");
    Outcome.of(study).succeeded();
    JsonObject summary = fixture.json("out/summary.json");
    assertThat(summary.get("injected").getAsString()).isEqualTo("similar");
    assertThat(summary.has("noise")).isTrue();
    List<String[]> noise = ExplainNoiseTest.rows(fixture.at("out/noise.csv"));
    double changed = summary.getAsJsonObject("field_study").get("changed").getAsDouble();
    assertThat(changed / noise.size()).as("changed by made wrong").isBetween(0.6, 1.2);
    fixture.explainedRun("study");
    assertThat(fixture.at("out/noise.csv")).as("of another call").doesNotExist();
  }

  @Test
  void reweightingIsMeasuredAndTested() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    String[] more = {"--groups", "3", "--method", "if-gn,gradient", "--how", "resolve"};
    Outcome outcome = fixture.explained("reweight", more);
    List<String[]> rows = ExplainNoiseTest.rows(fixture.at("out/before-after.csv"));
    assertThat(rows).hasSize(6);
    double grown = 0;
    for (String[] row : rows.subList(0, 3)) {
      assertThat(row[0]).isEqualTo("if-gn");
      assertThat(Double.parseDouble(row[4]))
          .isEqualTo(Double.parseDouble(row[3]) - Double.parseDouble(row[2]));
      grown += Double.parseDouble(row[4]);
    }
    assertThat(grown).as("pairs move apart").isPositive();
    JsonObject summary = fixture.json("out/summary.json");
    assertThat(summary.getAsJsonArray("tests")).hasSize(3);
    JsonObject test = summary.getAsJsonArray("tests").get(0).getAsJsonObject();
    assertThat(test.get("wilcoxon_p_value").getAsDouble()).isEqualTo(0.125); // 2^-3
    assertThat(outcome.out()).contains("Wilcoxon p", "if-gn against gradient");
    assertThat(Files.readString(fixture.at("out/report.html")))
        .containsPattern("mean squared distance: 0\\.\\d+ \u2192 0\\.\\d+ \\(if-gn\\)");
    outcome
        .out()
        .lines()
        .filter(line -> line.contains("Wilcoxon"))
        .forEach(line -> assertThat(line).doesNotContainPattern("\\de-\\d"));

    fixture.explained(
        "reweight --groups 3 --method if-gn --how resolve --helpful-weight 0"
            + " --harmful-weight 1.5");
    double swapped = 0;
    for (String[] row : ExplainNoiseTest.rows(fixture.at("out/before-after.csv"))) {
      swapped += Double.parseDouble(row[4]);
    }
    assertThat(swapped).as("the negative control").isLessThan(grown);
  }

  @Test
  void givenWeightsTrainOneHeadByFineTuning() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    int samples;
    try (Arena arena = Arena.host()) {
      samples = (int) Npy.read(fixture.at("y.npy"), arena).size();
    }
    float[] weights = new float[samples];
    java.util.Arrays.fill(weights, 0.7f);
    NpyBytes.floats(fixture.at("w.npy"), weights, samples);
    fixture.explained("reweight", "--groups", "2", "--weights", fixture.text("w.npy"));
    List<String[]> rows = ExplainNoiseTest.rows(fixture.at("out/before-after.csv"));
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0)[0]).isEqualTo("given weights");
    assertThat(Double.parseDouble(rows.get(0)[4])).isNotZero();
  }
}
