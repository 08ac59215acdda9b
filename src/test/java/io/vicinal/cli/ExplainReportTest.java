package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the commands' reports hold; how they look is the browser test's. */
class ExplainReportTest {
  @TempDir private Path folder;
  private ExplainFixture fixture;

  @BeforeEach
  void prepare() {
    fixture = ExplainFixture.in(folder);
  }

  private JsonObject report(Object[] command) throws IOException {
    Outcome.of(command).succeeded();
    assertThat(fixture.at("out/report.html")).content().doesNotContain("https://", "/*DATA*/");
    return fixture.report();
  }

  private static List<String> types(JsonObject report) {
    List<String> types = new ArrayList<>();
    for (JsonElement section : report.getAsJsonArray("sections")) {
      types.add(section.getAsJsonObject().get("type").getAsString());
    }
    return types;
  }

  private static JsonObject fact(JsonArray facts, String name) {
    for (JsonElement fact : facts) {
      if (fact.getAsJsonObject().get("name").getAsString().equals(name)) {
        return fact.getAsJsonObject();
      }
    }
    throw new AssertionError(name + " in " + facts);
  }

  @Test
  void blameIsCheckedOnItsOwnDataAndCarriesItsBadge() throws IOException {
    JsonObject report =
        report(fixture.explain("group", "--groups", "2", "--damping", "10x", "--pixels", "8x8"));
    assertThat(types(report))
        .containsExactly("Headline", "Confusions", "EmbeddingMap", "Verification", "Health");
    JsonObject summary = fixture.json("out/summary.json");
    JsonArray items = ExplainFixture.section(report, "Confusions").getAsJsonArray("items");
    assertThat(items).hasSize(2);
    double[][] scores = ExplainScoresTest.matrix(fixture.at("out/scores.npy"));
    for (int q = 0; q < 2; q++) {
      JsonObject item = items.get(q).getAsJsonObject();
      JsonObject badge = summary.getAsJsonArray("badges").get(q).getAsJsonObject();
      assertThat(badge.get("badge").getAsString()).contains(item.get("badge").getAsString());
      JsonObject worst = item.getAsJsonArray("harmful").get(0).getAsJsonObject();
      String name = worst.getAsJsonObject("sample").get("name").getAsString();
      double effect = scores[q][Integer.parseInt(name.replace("image ", ""))];
      assertThat(worst.get("predicted").getAsString()).isEqualTo(sixDigits(effect));
      assertThat(worst.get("measured").getAsDouble() * effect).as("solved again").isPositive();
    }
    JsonObject verification = ExplainFixture.section(report, "Verification");
    assertThat(verification.getAsJsonArray("predicted")).hasSizeGreaterThanOrEqualTo(2 * 8);
    double pearson =
        fact(verification.getAsJsonArray("facts"), "Pearson").get("value").getAsDouble();
    assertThat(pearson).isGreaterThan(0.9);
    JsonArray health = ExplainFixture.section(report, "Health").getAsJsonArray("facts");
    JsonObject solver = summary.getAsJsonObject("solver");
    double largest = solver.get("largest_eigenvalue").getAsDouble();
    assertThat(fact(health, "Largest eigenvalue").get("value").getAsDouble())
        .isBetween(0.99 * largest, 1.01 * largest);
    assertThat(solver.get("unit_value").getAsDouble())
        .isBetween(solver.get("smallest_eigenvalue").getAsDouble(), largest);
    fact(health, "Condition number");
    assertThat(report.getAsJsonObject("pictures").size()).isGreaterThan(12);
  }

  private static String sixDigits(double value) {
    return new java.math.BigDecimal(value).round(new java.math.MathContext(6)).toString();
  }

  @Test
  void plainSaysThatNothingWasChecked() throws IOException {
    String[] more = {"--groups", "2", "--damping", "10x", "--plain", ""};
    JsonObject report = report(fixture.explain("group", more));
    assertThat(types(report)).containsExactly("Headline", "Confusions", "Health");
    String text = report.toString();
    assertThat(text)
        .contains("\"badge\":\"predicted\"", "Nothing was solved again", "(predicted)")
        .doesNotContain("verified", "\"stable\"", "image/png");
    assertThat(Files.readString(fixture.at("out/summary.json"))).doesNotContain("badges");
  }

  @Test
  void moreThanIsShownIsSaid() throws IOException {
    StringBuilder list = new StringBuilder("i,j\n");
    for (int i = 0; i < 14; i++) {
      list.append(i).append(',').append(i + 41).append('\n');
    }
    Files.writeString(fixture.at("pairs.csv"), list);
    String[] more = {
      "--pairs",
      fixture.text("pairs.csv"),
      "--method",
      "ekfac,if",
      "--damping",
      "10x",
      "--check",
      "0"
    };
    JsonObject report = report(fixture.explain("pair", more));
    assertThat(ExplainFixture.section(report, "Confusions").getAsJsonArray("items")).hasSize(12);
    assertThat(ExplainFixture.section(report, "Health").getAsJsonArray("warnings").toString())
        .contains("first 12 of 14");
  }

  @Test
  void verificationIsThatOfTheFiles() throws IOException {
    String[] more = {
      "--groups",
      "1",
      "--damping",
      "10x",
      "--leave-out",
      "2",
      "--controls",
      "1",
      "--remove",
      "0",
      "--reweight",
      "0",
      "--relabel",
      "0"
    };
    JsonObject report = report(fixture.explain("verify", more));
    List<String[]> rows = ExplainNoiseTest.rows(fixture.at("out/verification.csv"));
    JsonObject verification = ExplainFixture.section(report, "Verification");
    assertThat(verification.getAsJsonArray("actual")).hasSize(rows.size());
    assertThat(verification.getAsJsonArray("actual").get(0).getAsString())
        .isEqualTo(sixDigits(Double.parseDouble(rows.get(0)[6])));
  }

  @Test
  void wrongLabelsAreFoundAndRepaired() throws IOException {
    JsonObject found =
        report(
            fixture.explainRun("mislabel --inject symmetric --detectors knn,random --pixels 8x8"));
    assertThat(types(found)).containsExactly("Headline", "Detection", "Review", "EmbeddingMap");
    JsonObject detection = ExplainFixture.section(found, "Detection");
    assertThat(detection.getAsJsonObject("curves").getAsJsonArray("series")).hasSize(2);
    assertThat(detection.getAsJsonArray("detectors").get(0).toString()).contains("knn");
    assertThat(detection.getAsJsonArray("suspects").toString()).contains("\"clean\":\"class ");

    JsonObject unknown = report(fixture.explain("mislabel", "--detectors", "knn"));
    assertThat(ExplainFixture.section(unknown, "Detection").has("curves")).isFalse();
    assertThat(ExplainFixture.section(unknown, "Detection").getAsJsonArray("suspects"))
        .hasSize(
            Math.min(
                24, ExplainFixture.section(unknown, "Review").getAsJsonArray("suspects").size()));
    assertThat(unknown.toString()).contains("labels are suspected").contains("sample ");

    JsonObject repaired =
        report(
            fixture.explainRun(
                "relabel", "--inject", "symmetric", "--detector", "knn", "--retrain", "hard"));
    assertThat(types(repaired)).containsExactly("Headline", "Retrieval", "Review", "Relabelling");
    assertThat(ExplainFixture.section(repaired, "Retrieval").getAsJsonArray("stages").toString())
        .as("no head was given for the labels that were made wrong")
        .isEqualTo("[\"trained on the given labels\",\"trained on the cleaned labels\"]");
    assertThat(ExplainFixture.section(repaired, "Relabelling").getAsJsonArray("proposals"))
        .isNotEmpty();
  }

  @Test
  void weightsAndStudies() throws IOException {
    String[] more = {"--groups", "2", "--method", "gradient", "--how", "resolve", "--check", "0"};
    JsonObject weighted = report(fixture.explain("reweight", more));
    assertThat(types(weighted))
        .containsExactly("Headline", "Retrieval", "Confusions", "EmbeddingMap", "Health");
    JsonObject study = report(fixture.explainRun("study", "--with", fixture.text("run")));
    assertThat(types(study)).containsExactly("Headline", "Field", "WorstClasses");
    JsonObject own = report(fixture.explainRun("pair", "--method", "self"));
    assertThat(types(own)).containsExactly("Headline", "Detection");
  }
}
