package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vicinal.sample.Xoshiro;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which labels are looked at, from what, and that every output tells the same numbers of them. */
class LabelAuditCommandsTest {
  private static final String HEAD = "No head was named";
  private static final Pattern SUSPECTED = Pattern.compile("([\\d,]+) of ([\\d,]+) labels are");
  private static final Pattern EXPECTED =
      Pattern.compile(
          "Of the (\\d+) that are relabelled (\\d+) are expected to become right and (\\d+) to");

  @TempDir private Path folder;

  @Test
  void featuresAndLabelsAreEnough() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    for (String command : List.of("mislabel", "relabel")) {
      Outcome outcome = Outcome.of(arrays(fixture, command, "--overwrite")).succeeded();
      assertThat(outcome.out()).contains(HEAD);
      assertThat(page(fixture)).contains(HEAD);
      assertThat(remarks(fixture)).contains(HEAD);
      assertOneNumber(fixture, command, outcome);
    }
  }

  @Test
  void samplesThatARunHeldOutAreLookedAtToo() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    for (String command : List.of("mislabel", "relabel")) {
      Outcome outcome =
          Outcome.of(ExplainNoiseTest.with(fixture.explainRun(command), "--overwrite")).succeeded();
      JsonObject summary = fixture.json("out/summary.json");
      JsonObject data = summary.getAsJsonObject("data");
      int held = data.get("held_out_samples").getAsInt();
      assertThat(held).isPositive();
      String said = "held out for validation too";
      assertThat(outcome.out()).contains(said);
      assertThat(page(fixture)).contains(said);
      assertThat(remarks(fixture)).contains(said);
      assertThat(summary.get("checked").getAsInt())
          .isEqualTo(data.get("training_samples").getAsInt() + held);
      assertOneNumber(fixture, command, outcome);
      if (command.equals("mislabel")) {
        double[][] scores = ExplainScoresTest.matrix(fixture.at("out/scores.npy"));
        List<String> detectors = detectors(fixture);
        for (String name :
            List.of("aum", "oof-loss", "knn", "confident-learning", "rank-average")) {
          assertThat(scores[detectors.indexOf(name)]).as(name).doesNotContain(Double.NaN);
        }
        assertThat(scores[detectors.indexOf("loss")]).contains(Double.NaN);
        assertThat(outcome.out()).contains("of the head, so they rank only the");
      }
    }
  }

  @Test
  void whatIsExpectedIsSaidBeforeAnythingIsWritten() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Outcome outcome = Outcome.of(arrays(fixture, "relabel", "--inject", "symmetric")).succeeded();
    Matcher said = EXPECTED.matcher(outcome.out());
    assertThat(said.find()).as(outcome.out()).isTrue();
    assertThat(said.end()).isLessThan(outcome.out().indexOf("written: "));
    JsonObject summary = fixture.json("out/summary.json");
    JsonObject expected = summary.getAsJsonObject("expected");
    assertThat(summary.get("accept").getAsLong()).isEqualTo(Long.parseLong(said.group(1)));
    assertThat(Math.round(expected.get("mended").getAsDouble()))
        .isEqualTo(Long.parseLong(said.group(2)));
    assertThat(Math.round(expected.get("broken").getAsDouble()))
        .isEqualTo(Long.parseLong(said.group(3)));
    assertThat(page(fixture)).contains(said.group());
  }

  /** Eight classes a standard deviation and a half apart, no label wrong. */
  @Test
  void weakFeaturesPromiseAndChangeNothing() throws IOException {
    int n = 1_000;
    int width = 10;
    Xoshiro generator = new Xoshiro(11);
    double[][] means = new double[8][width];
    for (double[] mean : means) {
      Arrays.setAll(mean, j -> 1.5 / Math.sqrt(width) * generator.nextGaussian());
    }
    float[] x = new float[n * width];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (means[i / width % 8][i % width] + generator.nextGaussian());
    }
    long[] y = LongStream.range(0, n).map(i -> i % 8).toArray();
    Path features = folder.resolve("weak.npy");
    Path labels = folder.resolve("classes.npy");
    NpyBytes.floats(features, x, n, width);
    NpyBytes.longs(labels, y);
    Object[] command =
        Outcome.words(
            "explain relabel --features % --labels % --detector oof-loss --set epochs=1",
            features, labels);
    Path out = folder.resolve("weak");
    Outcome outcome =
        Outcome.of(ExplainNoiseTest.with(command, "--out", out.toString())).succeeded();
    String weakly =
        "tell the classes apart too weakly to know wrong labels from classes that overlap";
    assertThat(outcome.out())
        .contains(weakly, "No label is changed: wrong ones", "how many are wrong cannot be told")
        .doesNotContain("expected to");
    JsonObject summary = ExplainFixture.json(out.resolve("summary.json"));
    assertThat(summary.get("plateau").getAsBoolean()).isFalse();
    assertThat(summary.get("expected_wrong").isJsonNull()).isTrue();
    assertThat(summary.has("expected")).isFalse();
    assertThat(summary.get("suspects").getAsInt()).isPositive();
    assertThat(summary.get("accept").getAsInt()).isZero();
    assertThat(ExplainNoiseTest.longs(out.resolve("labels.npy"))).isEqualTo(y);
    assertThat(Files.readString(out.resolve("report.html")))
        .contains(weakly)
        .doesNotContain("Expected to");

    Object[] taken =
        ExplainNoiseTest.with(
            command, "--threshold", "0.5", "--out", out.toString(), "--overwrite");
    Outcome asked = Outcome.of(taken).succeeded();
    assertThat(asked.out()).contains(weakly, "How many of them are right cannot be said");
    summary = ExplainFixture.json(out.resolve("summary.json"));
    assertThat(summary.get("accept").getAsInt()).isPositive();
    assertThat(summary.has("expected")).isFalse();
  }

  @Test
  void theStudySaysAtItsTopWhatItLeavesOut() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Outcome outcome = fixture.explainedRun("study");
    JsonObject summary = fixture.json("out/summary.json");
    int held = summary.getAsJsonObject("data").get("held_out_samples").getAsInt();
    String said = "the " + held + " that the run held out for validation are not among them";
    assertThat(held).isPositive();
    assertThat(outcome.out().lines().findFirst())
        .hasValueSatisfying(s -> assertThat(s).contains(said));
    assertThat(remarks(fixture)).contains(said);
    assertThat(page(fixture)).contains(said);

    Object[] arrays = ExplainNoiseTest.with(fixture.explain("study"), "--overwrite");
    assertThat(Outcome.of(arrays).succeeded().out()).doesNotContain("held out");
    assertThat(page(fixture)).doesNotContain("held out for validation");
  }

  /** 60 rows, of which the first two are the same flower under two names. */
  @Test
  void copiesThatContradictAndFewSamplesAreSaid() throws IOException {
    StringBuilder table = new StringBuilder("a,b,c,name\n");
    for (int i = 0; i < 60; i++) {
      int row = Math.max(1, i);
      int group = row % 3;
      table.append(
          String.format(
              Locale.ROOT,
              "%.3f,%.3f,%.3f,%s%n",
              3.0 * group + Math.sin(row),
              -2.0 * group + Math.cos(3 * row),
              Math.sin(7 * row),
              i == 0 ? "rot" : List.of("rot", "gelb", "blau").get(group)));
    }
    Path csv = folder.resolve("flowers.csv");
    Files.writeString(csv, table);
    Outcome outcome =
        Outcome.of(
                "explain mislabel --features % --labels % --out %",
                csv, csv + ":name", folder.resolve("copies"))
            .succeeded();
    assertThat(outcome.out())
        .contains("1 sample is an exact copy of an earlier one with another label")
        .contains("60 samples are few");
    // The study trains a head as well where none is named.
    Path out = folder.resolve("study");
    Object[] study =
        Outcome.words(
            "explain study --features % --labels % --out % --set epochs=1",
            csv, csv + ":name", out);
    assertThat(Outcome.of(study).succeeded().out()).contains("No head was named: a ");
    assertThat(out.resolve("study.csv")).exists();
  }

  private static void assertOneNumber(ExplainFixture fixture, String command, Outcome outcome)
      throws IOException {
    JsonObject summary = fixture.json("out/summary.json");
    long suspects = summary.get("suspects").getAsLong();
    Matcher said = SUSPECTED.matcher(outcome.out());
    assertThat(said.find()).as(outcome.out()).isTrue();
    assertThat(said.group(1)).isEqualTo(Long.toString(suspects));
    assertThat(said.group(2)).isEqualTo(summary.get("checked").getAsString());
    String table = command.equals("mislabel") ? "out/suspects.csv" : "out/proposals.csv";
    assertThat(ExplainNoiseTest.rows(fixture.at(table))).hasSize((int) suspects);
    String headline =
        command.equals("mislabel")
            ? said.group()
            : suspects == 0 ? "No label is suspected." : " of " + suspects + " suspicious samples";
    assertThat(page(fixture)).contains(headline);
  }

  private static Object[] arrays(ExplainFixture fixture, String command, String... more) {
    String[] quick = {"--set", "epochs=3"};
    Object[] bare =
        fixture.explain(
            command,
            "--head",
            null,
            "--loss",
            null,
            "--param",
            null,
            "--test-features",
            null,
            "--test-labels",
            null);
    return ExplainNoiseTest.with(ExplainNoiseTest.with(bare, quick), more);
  }

  private static List<String> detectors(ExplainFixture fixture) throws IOException {
    return fixture.json("out/queries.json").getAsJsonArray("queries").asList().stream()
        .map(row -> row.getAsJsonObject().get("id").getAsString())
        .toList();
  }

  private static String remarks(ExplainFixture fixture) throws IOException {
    return fixture.json("out/summary.json").get("remarks").toString();
  }

  private static String page(ExplainFixture fixture) throws IOException {
    return Files.readString(fixture.at("out/report.html"));
  }
}
