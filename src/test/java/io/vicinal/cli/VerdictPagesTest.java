package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Headline, labels, counts, console and summary of every command that explains say the same. */
class VerdictPagesTest {
  private static final Pattern COUNTS =
      Pattern.compile(
          "Of (\\d+) explanations (\\d+) are verified by solving again, (\\d+) predicted and stable,"
              + " (\\d+) unstable\\.");
  private static final Pattern LABEL =
      Pattern.compile(
          "(verified|predicted, stable|measured|predicted)(?=\\)|; predicted)|Unstable,");
  private static final List<String> WORDS = List.of("verified", "predicted, stable", "unstable");
  private static final Map<String, Set<String>> EFFECTS =
      Map.of(
          "verified", Set.of("verified", "predicted, stable", "predicted"),
          "predicted, stable", Set.of("measured", "predicted, stable", "predicted"),
          "unstable", Set.of("measured", "unstable"));

  @TempDir private Path folder;
  private ExplainFixture fixture;

  @BeforeEach
  void prepare() {
    fixture = ExplainFixture.in(folder);
  }

  private static String word(JsonObject json) {
    String key = json.get("badge").getAsString();
    return key.equals("stable") ? "predicted, stable" : key;
  }

  /** Runs it, and returns the labels of its explanations. */
  private List<String> agrees(String command, String damping, String... more) throws IOException {
    List<String> options = new ArrayList<>(List.of("--groups", "2", "--damping", damping));
    options.addAll(List.of(more));
    Outcome outcome = Outcome.of(fixture.explain(command, options.toArray(String[]::new)));
    outcome.succeeded();
    JsonObject report = fixture.report();
    List<String> badges = new ArrayList<>();
    for (JsonElement element :
        ExplainFixture.section(report, "Confusions").getAsJsonArray("items")) {
      JsonObject item = element.getAsJsonObject();
      badges.add(word(item));
      for (String kind : new String[] {"harmful", "helpful"}) {
        for (JsonElement effect : item.getAsJsonArray(kind)) {
          JsonObject one = effect.getAsJsonObject();
          assertThat(word(one))
              .as("an effect is not trusted further than its explanation")
              .isIn(EFFECTS.get(word(item)));
          assertThat(Set.of("verified", "measured").contains(word(one)))
              .as("the words are of what was solved again")
              .isEqualTo(one.has("measured") && !one.get("measured").isJsonNull());
        }
      }
      for (JsonElement sentence : item.getAsJsonArray("sentences")) {
        List<String> said = labels(sentence.getAsString());
        assertThat(said).hasSize(1);
        assertThat(said.get(0)).isIn(EFFECTS.get(word(item)));
      }
    }
    JsonArray summary = fixture.json("out/summary.json").getAsJsonArray("badges");
    for (int q = 0; q < badges.size(); q++) {
      JsonObject said = summary.get(q).getAsJsonObject();
      assertThat(said.get("badge").getAsString()).isEqualTo(badges.get(q));
      boolean doubts = !said.getAsJsonArray("doubts").isEmpty();
      boolean off = said.getAsJsonArray("doubts").toString().contains("off by more than a quarter");
      double error = said.get("largest_size_error").getAsDouble();
      assertThat(off).as("size error " + error).isEqualTo(error > 0.25);
      assertThat(doubts || badges.get(q).equals("verified")).isTrue();
      JsonArray again = said.getAsJsonArray("solved_again");
      double largest = 0;
      for (JsonElement element : again) {
        double actual = element.getAsJsonObject().get("actual").getAsDouble();
        double predicted = element.getAsJsonObject().get("predicted").getAsDouble();
        largest = Math.max(largest, Math.abs(actual - predicted) / Math.abs(actual));
        assertThat(element.getAsJsonObject().get("sample").getAsLong()).isNotNegative();
      }
      assertThat(largest).isEqualTo(error);
      String why = said.get("rests_on").getAsString();
      JsonObject item =
          ExplainFixture.section(report, "Confusions")
              .getAsJsonArray("items")
              .get(q)
              .getAsJsonObject();
      assertThat(item.get("rests").getAsString()).isEqualTo(why);
      assertThat(outcome.out()).contains(badges.get(q) + (why.isEmpty() ? "" : ": " + why));
      if (badges.get(q).equals("verified")) {
        assertThat(why).startsWith("the " + again.size() + " largest predicted removals");
      }
    }
    JsonObject headline = ExplainFixture.section(report, "Headline");
    if (labels(headline.get("sentence").getAsString()).contains("verified")) {
      assertThat(badges).contains("verified");
    }
    JsonObject solver = fixture.json("out/summary.json").getAsJsonObject("solver");
    String multiple = damping + " the " + solver.get("unit").getAsString();
    assertThat(outcome.out()).as("console").contains("damping: lambda ", "(" + multiple + ")");
    assertThat(ExplainFixture.section(report, "Health").get("facts").toString())
        .as("page")
        .contains(multiple);
    counted(headline.get("findings").toString(), badges);
    counted(outcome.out(), badges);
    return badges;
  }

  private static List<String> labels(String text) {
    return LABEL
        .matcher(text)
        .results()
        .map(found -> found.group(1) == null ? "unstable" : found.group(1))
        .toList();
  }

  private static void counted(String text, List<String> badges) {
    Matcher found = COUNTS.matcher(text);
    assertThat(found.find()).as(text).isTrue();
    assertThat(Integer.parseInt(found.group(1))).isEqualTo(badges.size());
    for (int k = 0; k < WORDS.size(); k++) {
      String word = WORDS.get(k);
      long count = badges.stream().filter(word::equals).count();
      assertThat(Long.parseLong(found.group(2 + k))).as(word).isEqualTo(count);
    }
  }

  /** What did not come out of a solve is said first, has no rank, and is not called anything. */
  @Test
  void solvesThatFail() throws IOException {
    Outcome outcome =
        Outcome.of(
            fixture.explain(
                "pair", "--method", "if-gn", "--damping", "1e-12", "--tolerance", "1e-9"));
    outcome.succeeded();
    assertThat(outcome.out())
        .contains("solves failed (", "neither ranked nor checked. Try --damping 1x or more")
        .contains("10 of ");
    JsonObject summary = fixture.json("out/summary.json");
    JsonArray queries =
        summary.getAsJsonArray("methods").get(0).getAsJsonObject().getAsJsonArray("queries");
    long failed = 0;
    for (JsonElement query : queries) {
      failed += query.getAsJsonObject().get("failed").getAsBoolean() ? 1 : 0;
    }
    assertThat(outcome.out()).contains("if-gn: " + failed + " of " + queries.size() + " solves");
    assertThat(Files.readString(fixture.at("out/report.html")))
        .contains("if-gn: " + failed + " of " + queries.size() + " solves failed");
    if (failed == queries.size()) {
      assertThat(Files.readAllLines(fixture.at("out/top.csv"))).hasSize(1);
    }
  }

  @Test
  void scores() throws IOException {
    agrees("group", "1x");
    agrees("group", "10x");
  }

  @Test
  void verification() throws IOException {
    String[] few = {"--controls", "1", "--remove", "0", "--reweight", "0", "--relabel", "0"};
    agrees("verify", "10x", few);
  }

  @Test
  void reweighting() throws IOException {
    agrees("reweight", "10x", "--epochs", "1");
  }

  @Test
  void nothingIsVerifiedOutsideTheSpectrum() throws IOException {
    assertThat(agrees("group", "1000x")).containsOnly("unstable");
  }

  /**
   * Where time ran out, more time is advised first, with a number; the command is not all of it.
   */
  @Test
  void aCheckThatWasTooShortSaysHowLong() throws IOException {
    Outcome outcome =
        fixture.explained("group", "--groups", "1", "--damping", "1000x", "--check", "0.001");
    assertThat(outcome.out())
        .containsPattern(
            "None of the \\d+ removals was solved again in the .* of --check: all of them take"
                + " perhaps \\d+ s, so give --check \\d+ or more\\.")
        .contains("The command below takes --damping 10x, and measures");
    assertThat(ExplainFixture.section(fixture.report(), "Headline").get("findings").toString())
        .contains("so give --check ");
  }

  @Test
  void theNextCommandRuns() throws IOException {
    Outcome outcome =
        Outcome.of(
            fixture.explain("group", "--groups", "2", "--damping", "1000x", "--method", "if,self"));
    outcome.succeeded();
    assertThat(outcome.out())
        .contains("Most explanations are unstable", "within the spectrum", "about ");
    String line =
        outcome.out().lines().filter(l -> l.startsWith("next: ")).findFirst().orElseThrow();
    assertThat(line).startsWith("next: vicinal explain verify ").contains("--groups 2");
    JsonObject headline = ExplainFixture.section(fixture.report(), "Headline");
    assertThat("next: " + headline.get("command").getAsString()).isEqualTo(line);
    String[] words = line.substring("next: vicinal ".length()).split(" ");
    Outcome.of((Object[]) words).succeeded();
    assertThat(fixture.at("out-verified/verification.csv")).isNotEmptyFile();
    assertThat(Arrays.asList(words)).doesNotContain("--check").contains("--method", "if");
    assertThat(outcome.out())
        .contains("an effect of self is how much the sample moves its own loss");
    assertThat(line).as("what was advised").contains("--damping 10x").doesNotContain("1000x");
    JsonObject there = fixture.json("out-verified/summary.json");
    for (JsonElement badge : there.getAsJsonArray("badges")) {
      assertThat(badge.getAsJsonObject().getAsJsonArray("doubts").toString())
          .doesNotContain("outside the spectrum");
    }
  }
}
