package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vicinal.influence.verify.Edit;
import io.vicinal.influence.verify.Subsets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predictions against heads that are solved again, through files. */
class ExplainVerifyTest {
  @TempDir private Path folder;

  @Test
  void exactInfluenceAgreesWithRetraining() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n");
    Outcome outcome =
        fixture.explained(
            "verify --pairs % --method if,gradient,newton-loo --damping 10x"
                + " --leave-out 2 --controls 3 --remove 4 --relabel 1 --subsets 3"
                + " --brittleness 4",
            fixture.text("pairs.csv"));
    JsonObject summary = fixture.json("out/summary.json");
    JsonObject exact = agreement(summary, "leave out", "if");
    assertThat(exact.get("pearson").getAsDouble()).isGreaterThan(0.9);
    assertThat(exact.get("pooled_size_error").getAsDouble()).isLessThan(0.4);
    JsonObject small = agreement(summary, "re-weight", "if");
    assertThat(small.get("pearson").getAsDouble())
        .as("changes of one per cent are what influence is")
        .isGreaterThan(0.999);
    assertThat(small.get("pooled_size_error").getAsDouble()).isLessThan(0.05);
    assertThat(agreement(summary, "leave out", "gradient").get("pooled_size_error").getAsDouble())
        .as("the negative control")
        .isGreaterThan(exact.get("pooled_size_error").getAsDouble());
    assertThat(agreement(summary, "subsets", "if").get("experiments").getAsInt()).isEqualTo(3);
    agreement(summary, "relabel", "relabel table");
    agreement(summary, "leave out", "newton-loo");
    assertThat(summary.get("agreement").toString())
        .as("a whole removal is no rate")
        .doesNotContain("\"re-weight\",\"method\":\"newton-loo\"");
    assertThat(summary.getAsJsonObject("solver").get("eigenvalues_of").getAsString())
        .isEqualTo("EK-FAC");
    for (JsonElement badge : summary.getAsJsonArray("badges")) {
      JsonObject json = badge.getAsJsonObject();
      assertThat(json.get("badge").getAsString()).isIn("verified", "predicted, stable", "unstable");
      assertThat(json.getAsJsonArray("stability_spearman")).hasSize(4);
      assertThat(json.get("fewest_removals").getAsInt()).isBetween(-1, 4);
    }
    List<String[]> rows = ExplainNoiseTest.rows(fixture.at("out/verification.csv"));
    Set<String> kinds = rows.stream().map(row -> row[0]).collect(Collectors.toSet());
    assertThat(kinds)
        .containsExactlyInAnyOrder("leave out", "remove group", "re-weight", "relabel", "subsets");
    assertThat(rows).allSatisfy(row -> assertThat(row[7]).isEqualTo("true"));
    List<String[]> removed = ExplainNoiseTest.rows(fixture.at("out/removed.csv"));
    int samples = summary.getAsJsonObject("data").get("training_samples").getAsInt();
    for (Edit drawn : Subsets.random(samples, 0.5, 3, 0)) {
      List<String> ids = drawn.changes().stream().map(c -> Long.toString(c.id())).toList();
      assertThat(removed.stream().filter(row -> row[1].equals(drawn.name())).map(row -> row[2]))
          .as("positions, so that anybody can repeat it")
          .containsExactlyElementsOf(ids);
      assertThat(rows)
          .filteredOn(row -> row[1].equals(drawn.name()))
          .isNotEmpty()
          .allSatisfy(row -> assertThat(row[8]).isEqualTo(Integer.toString(ids.size())))
          .allSatisfy(row -> assertThat(row[2].isEmpty() || ids.size() <= 50).isTrue());
    }
    assertThat(outcome.out()).contains("Pearson", "badge", "experiments");
  }

  static JsonObject agreement(JsonObject summary, String kind, String method) {
    for (JsonElement entry : summary.getAsJsonArray("agreement")) {
      JsonObject json = entry.getAsJsonObject();
      if (json.get("kind").getAsString().equals(kind)
          && json.get("method").getAsString().equals(method)) {
        return json;
      }
    }
    throw new AssertionError(kind + " by " + method);
  }
}
