package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be measured of a confusion, through files, and against the head solved again. */
class ExplainMeasureTest {
  @TempDir private Path folder;
  private ExplainFixture fixture;

  @BeforeEach
  void prepare() {
    fixture = ExplainFixture.in(folder);
  }

  private JsonArray queries(String command, String option, String value, String measure)
      throws IOException {
    String[] more = {option, value, "--measure", measure, "--method", "gradient", "--plain", ""};
    fixture.explained(command, more);
    return fixture.json("out/queries.json").getAsJsonArray("queries");
  }

  private JsonArray pairs(String list, String measure) throws IOException {
    Files.writeString(fixture.at("pairs.csv"), "i,j\n" + list);
    return queries("pair", "--pairs", fixture.text("pairs.csv"), measure);
  }

  private static double value(JsonElement query) {
    return query.getAsJsonObject().get("value").getAsDouble();
  }

  @Test
  void aTripletIsTheDistanceLessThatToTheNearestOfTheClass() throws IOException {
    JsonObject triplet = pairs("5,26\n", "triplet").get(0).getAsJsonObject();
    long positive = triplet.get("positive").getAsLong();
    assertThat(triplet.get("id").getAsString()).isEqualTo("triplet 5-" + positive + "-26");
    assertThat(triplet.get("unit").getAsString()).isEqualTo("squared distance");
    JsonArray distances = pairs("5,26\n5," + positive + "\n", "distance");
    assertThat(distances.get(1).getAsJsonObject().get("label_j"))
        .isEqualTo(distances.get(1).getAsJsonObject().get("label_i"));
    assertThat(value(triplet))
        .isCloseTo(value(distances.get(0)) - value(distances.get(1)), within(1e-9));
  }

  @Test
  void pairsOfTheSameClassesOrSampleAreAskedOnce() throws IOException {
    JsonArray classes = pairs("5,26\n26,5\n", "class-confusion");
    assertThat(classes).hasSize(2);
    assertThat(value(classes.get(0))).isCloseTo(value(classes.get(1)), within(1e-12));
    assertThat(pairs("5,26\n5,27\n", "recall@5")).hasSize(1);
  }

  @Test
  void recallOfClasses() throws IOException {
    JsonArray one = queries("group", "--groups", "2", "recall@1");
    JsonArray five = queries("group", "--groups", "2", "recall@5");
    for (int q = 0; q < 2; q++) {
      assertThat(one.get(q).getAsJsonObject().get("unit").getAsString()).isEqualTo("recall");
      assertThat(value(one.get(q))).isBetween(0.0, value(five.get(q)));
      assertThat(value(five.get(q))).isLessThanOrEqualTo(1);
    }
    assertThat(Files.readString(fixture.at("out/report.html")))
        .contains("the smoothed recall at 5 of class")
        .doesNotContain("away from");
  }

  /** The effects are derivatives of what is said: weights changed by one per cent move it so. */
  @ParameterizedTest
  @CsvSource({
    "recall@1, --groups",
    "class-confusion, --groups",
    "triplet, --pairs",
    "recall@3, --pairs"
  })
  void predictionsAgreeWithSolvingAgain(String measure, String option) throws IOException {
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n");
    String value = option.equals("--groups") ? "2" : fixture.text("pairs.csv");
    String[] more = {
      option,
      value,
      "--measure",
      measure,
      "--damping",
      "10x",
      "--leave-out",
      "2",
      "--controls",
      "0",
      "--remove",
      "0",
      "--relabel",
      "0"
    };
    fixture.explained("verify", more);
    JsonObject summary = fixture.json("out/summary.json");
    JsonObject small = ExplainVerifyTest.agreement(summary, "re-weight", "if");
    assertThat(small.get("pearson").getAsDouble()).isGreaterThan(0.999);
    assertThat(small.get("pooled_size_error").getAsDouble()).isLessThan(0.1);
  }
}
