package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  @TempDir private Path folder;

  /** Four points on a line: 0 and 1 of class 7, 3 of class 9, 3.5 of class 7. */
  private Fixture line() {
    Fixture fixture = Fixture.in(folder);
    NpyBytes.floats(fixture.at("E.npy"), new float[] {0, 1, 3, 3.5f}, 4, 1);
    NpyBytes.longs(fixture.at("y.npy"), 7, 7, 9, 7);
    return fixture;
  }

  @Test
  void valuesAreThoseOfTheHandComputedRanking() throws IOException {
    // Ranks of the relevant rows: query 0: 1, 3; query 1: 1, 3; query 2 is alone; query 3: 2, 3.
    Outcome outcome =
        Outcome.of(line().evaluate("--metrics", "R@1,r@2,map@r,rp,mrr,map,p@2,recall@2"));
    outcome.succeeded();
    JsonObject json = json();
    JsonObject values = json.getAsJsonObject("values");
    assertThat(values.keySet()).containsExactly("r@1", "r@2", "map@r", "rp", "mrr", "map", "p@2");
    assertThat(values.get("r@1").getAsDouble()).isCloseTo(2.0 / 3, within(1e-12));
    assertThat(values.get("r@2").getAsDouble()).isEqualTo(1);
    assertThat(values.get("rp").getAsDouble()).isCloseTo(0.5, within(1e-12));
    assertThat(values.get("map@r").getAsDouble()).isCloseTo((0.5 + 0.5 + 0.25) / 3, within(1e-12));
    assertThat(values.get("map").getAsDouble())
        .isCloseTo((2 * (1 + 2.0 / 3) / 2 + (0.5 + 2.0 / 3) / 2) / 3, within(1e-12));
    assertThat(json.getAsJsonObject("counts").toString())
        .isEqualTo("{\"queries\":4,\"lone\":1,\"tied\":0}");
    assertThat(json.getAsJsonObject("definitions").keySet()).isEqualTo(values.keySet());
    assertThat(json.get("normalize").getAsBoolean()).isFalse();
    assertThat(json.get("protocol").getAsString()).isEqualTo("same-set");
    assertThat(json.getAsJsonObject("versions").keySet()).containsExactly("vicinal", "faiss");
    JsonObject seven = json.getAsJsonArray("per_class").get(0).getAsJsonObject();
    assertThat(seven.get("label").getAsLong()).isEqualTo(7);
    assertThat(seven.get("queries").getAsLong()).isEqualTo(3);
    assertThat(outcome.out())
        .containsPattern("\nr@1 +66\\.67\\R")
        .containsPattern("\nmap@r +41\\.67\\R")
        .contains("4 queries, 1 without");
  }

  @Test
  void neighbourListsAgreeWithCounting() throws IOException {
    Fixture fixture = Fixture.in(folder);
    String metrics = "r@1,r@3,p@2,p@2/oml,map@3/oml,map@3/min,map@3/r,map@r,map,rp,mrr,nmi,ami,f1";
    Outcome.of(fixture.evaluate("--metrics", metrics)).succeeded();
    JsonObject counted = json().getAsJsonObject("values");
    Outcome.of(fixture.evaluate("--metrics", metrics, "--method", "neighbours")).succeeded();
    JsonObject listed = json().getAsJsonObject("values");
    assertThat(listed.keySet()).isEqualTo(counted.keySet()).hasSize(14);
    for (String id : counted.keySet()) {
      assertThat(listed.get(id).getAsDouble())
          .as(id)
          .isCloseTo(counted.get(id).getAsDouble(), within(1e-12));
    }
  }

  @Test
  void aGalleryIsSearchedWithoutLeavingAnythingOut() throws IOException {
    Fixture fixture = line();
    Outcome outcome =
        Outcome.of(
            fixture.evaluate(
                "--metrics",
                "r@1,r@4",
                "--gallery-embeddings",
                fixture.text("E.npy"),
                "--gallery-labels",
                fixture.text("y.npy"),
                "--per-class",
                ""));
    assertThat(outcome.succeeded().out()).containsPattern("class +queries +r@1 +r@4\\R");
    assertThat(outcome.out()).containsPattern("9 +1 +100.00 +100.00");
    assertThat(json().getAsJsonObject("values").get("r@1").getAsDouble()).isEqualTo(1);
    assertThat(json().get("protocol").getAsString()).isEqualTo("query-gallery");
    assertThat(json().get("gallery").getAsLong()).isEqualTo(4);
  }

  @Test
  void normalizingComparesDirections() throws IOException {
    Fixture fixture = Fixture.in(folder);
    float[] directions = {1, 0, 9, 1, 0, 1, 1, 9};
    NpyBytes.floats(fixture.at("E.npy"), directions, 4, 2);
    NpyBytes.longs(fixture.at("y.npy"), 0, 0, 1, 1);
    Outcome.of(fixture.evaluate("--metrics", "r@1")).succeeded();
    assertThat(json().getAsJsonObject("values").get("r@1").getAsDouble()).isLessThan(1);
    Outcome.of(fixture.evaluate("--metrics", "r@1", "--normalize", "")).succeeded();
    assertThat(json().getAsJsonObject("values").get("r@1").getAsDouble()).isEqualTo(1);
    assertThat(json().get("normalize").getAsBoolean()).isTrue();
  }

  @Test
  void labelsHaveSixtyFourBitsAndOutputIsOptional() {
    Fixture fixture = line();
    NpyBytes.longs(fixture.at("y.npy"), Long.MAX_VALUE, Long.MAX_VALUE, 1L << 40, Long.MAX_VALUE);
    Outcome outcome = Outcome.of(fixture.evaluate("--out", null, "--per-class", "")).succeeded();
    assertThat(outcome.out()).contains("9223372036854775807", "1099511627776");
    assertThat(fixture.at("metrics.json")).doesNotExist();
  }

  /** What was computed is read, whatever becomes of the file. */
  @Test
  void aFileThatCannotBeWrittenCostsNoTable() {
    Outcome outcome = Outcome.of(line().evaluate("--out", "/dev/full"));
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.out()).contains("r@1", "queries").doesNotContain("written");
    assertThat(outcome.err()).contains("/dev/full: cannot be written").doesNotContain("untouched");
  }

  /** Points 0, 1, 3, 3.5; the pairs of one class are 1, 3.5 and 2.5 apart, of two 3, 2 and 0.5. */
  @Test
  void aThresholdIsChosenOnOneSetAndMeasuredOnAnother() throws IOException {
    Fixture fixture = line();
    NpyBytes.floats(fixture.at("V.npy"), new float[] {0, 1, 2, 4, 8, 9}, 6, 1);
    NpyBytes.longs(fixture.at("vy.npy"), 0, 0, 1, 1, 2, 2);
    Object[] wanted =
        fixture.evaluate(
            "--metrics",
            "r@1",
            "--threshold-fmr",
            "0.1",
            "--validation-embeddings",
            fixture.text("V.npy"),
            "--validation-labels",
            fixture.text("vy.npy"));
    Outcome outcome = Outcome.of(wanted).succeeded();
    // Twelve pairs of two classes: 1, 2, 3, ... apart. One may match, and of the pairs of one class
    // 1, 2, 1 the last but one is missed: halfway from 1 to 2.
    JsonObject threshold = json().getAsJsonObject("threshold");
    assertThat(threshold.get("distance").getAsDouble()).isEqualTo(1.5);
    assertThat(threshold.get("resolution").getAsDouble()).isZero();
    assertThat(threshold.get("target_fmr").getAsDouble()).isEqualTo(0.1);
    assertThat(threshold.get("chosen_on").getAsString()).endsWith("V.npy");
    assertRate(threshold, "chosen", "false_matches", 1, 12);
    assertRate(threshold, "chosen", "false_non_matches", 1, 3);
    assertRate(threshold, "measured", "false_matches", 1, 3);
    assertRate(threshold, "measured", "false_non_matches", 2, 3);
    double low = threshold.getAsJsonArray("interval").get(0).getAsDouble();
    double high = threshold.getAsJsonArray("interval").get(1).getAsDouble();
    assertThat(1.5).isBetween(low, high);
    assertThat(outcome.out())
        .contains("threshold 1.500000 (95 % interval", "at most 0.1 on", "V.npy", "OPIS");

    Outcome given =
        Outcome.of(fixture.evaluate("--metrics", "r@1", "--threshold", "3")).succeeded();
    assertThat(given.out()).contains("\nthreshold 3.000000\n");
    assertRate(json().getAsJsonObject("threshold"), "measured", "false_matches", 3, 3);
    assertThat(Outcome.of(fixture.evaluate("--threshold-fmr", "0.1")).succeeded().out())
        .contains("chosen on the measured rows themselves");
  }

  private static void assertRate(
      JsonObject threshold, String rows, String rate, int errors, int pairs) {
    JsonObject found = threshold.getAsJsonObject(rows).getAsJsonObject(rate);
    assertThat(found.get("errors").getAsInt()).as("%s %s", rows, rate).isEqualTo(errors);
    assertThat(found.get("pairs").getAsInt()).as("%s %s", rows, rate).isEqualTo(pairs);
  }

  @Test
  void aReproducedDefectIsSaidEverywhere() throws IOException {
    Fixture fixture = line();
    Outcome right = Outcome.of(fixture.evaluate("--metrics", "map")).succeeded();
    double value = json().getAsJsonObject("values").get("map").getAsDouble();
    assertThat(right.out()).doesNotContain("compat");
    assertThat(json().keySet()).doesNotContain("compat", "threshold", "vectors", "relevance");
    Outcome wrong =
        Outcome.of(fixture.evaluate("--metrics", "map", "--compat", "map-class-size")).succeeded();
    assertThat(json().getAsJsonObject("values").get("map").getAsDouble())
        .isCloseTo(value * 2 / 3, within(1e-12));
    assertThat(wrong.out()).contains("compat map-class-size: map, map@c");
    assertThat(json().getAsJsonObject("compat").get("map-class-size").getAsString())
        .contains("the query included");
  }

  /** Not those of the measured rows, which have three. */
  @Test
  void clustersOfTheTrainingClasses() throws IOException {
    Fixture fixture = Fixture.in(folder);
    String[] four = {
      "--metrics", "nmi,f1/cosine", "--compat", "training-clusters", "--training-classes", "4"
    };
    assertThat(Outcome.of(fixture.evaluate(four)).succeeded().out())
        .contains("compat training-clusters: there are as many clusters");
    for (String recipe : List.of("clustering", "clustering_cosine")) {
      assertThat(json().getAsJsonObject(recipe).get("clusters").getAsLong()).isEqualTo(4);
    }
    four[5] = "13";
    Outcome.of(fixture.evaluate(four))
        .failed(2, "training-clusters needs 1..12 classes that were trained on, got 13");
    Outcome.of(fixture.evaluate("--compat", "training-clusters"))
        .failed(2, "--compat: training-clusters needs --training-classes");
    Outcome.of(fixture.evaluate("--training-classes", "4"))
        .failed(2, "--training-classes: is of --compat training-clusters alone");
  }

  @Test
  void whatIsNoShareIsPrintedAsItIs() throws IOException {
    Outcome outcome =
        Outcome.of(line().evaluate("--metrics", "r@1,norm@50,rho@0,inter,unc-norm,nmi/cosine"))
            .succeeded();
    assertThat(outcome.out())
        .containsPattern("\nr@1 +66\\.67\\R")
        .containsPattern("\nnorm@50 +2\\.000000\\R")
        .containsPattern("\ninter +0\\.000000\\R")
        .containsPattern("\nrho@0 +1\\.000000\\R");
    assertThat(json().getAsJsonObject("vectors").getAsJsonArray("rho@0").get(0).getAsDouble())
        .isEqualTo(1);
    assertThat(json().getAsJsonObject("clustering_cosine").get("method").getAsString())
        .isEqualTo("spherical k-means");
    assertThat(json().has("clustering")).isFalse();
  }

  @Test
  void ofManyNumbersTheFirstArePrinted() {
    Fixture fixture = Fixture.in(folder);
    float[] rows = new float[8 * 8];
    for (int i = 0; i < 8; i++) {
      rows[9 * i] = 8 - i;
    }
    NpyBytes.floats(fixture.at("E.npy"), rows, 8, 8);
    NpyBytes.longs(fixture.at("y.npy"), 1, 1, 2, 2, 3, 3, 4, 4);
    assertThat(Outcome.of(fixture.evaluate("--metrics", "rho@0")).succeeded().out())
        .startsWith(
            "rho@0  0.222222  0.194444  0.166667  0.138889  0.111111  0.083333  ... (8 in all; ");
  }

  /** Here both the metrics and the validation rows are impossible. */
  @Test
  void validationRowsAreReadBeforeAnythingIsMeasured() {
    Fixture fixture = line();
    NpyBytes.longs(fixture.at("y.npy"), 0, 1, 2, 3);
    NpyBytes.floats(fixture.at("V.npy"), new float[4], 2, 2);
    NpyBytes.longs(fixture.at("vy.npy"), 0, 0);
    String[] validation = {
      "--validation-embeddings",
      fixture.text("V.npy"),
      "--validation-labels",
      fixture.text("vy.npy")
    };
    Outcome outcome =
        Outcome.of(
            fixture.evaluate(
                "--metrics",
                "r@1",
                "--threshold-fmr",
                "0.1",
                validation[0],
                validation[1],
                validation[2],
                validation[3]));
    assertThat(outcome.err()).contains("V.npy: has 2 columns, but").doesNotContain("no query");
  }

  /** Queries see the gallery's classes by levels, votes and an uncertainty of their own. */
  @Test
  void graded() throws IOException {
    Fixture fixture = Fixture.in(folder);
    NpyBytes.rows(fixture.at("L.npy"), new long[] {0, 0}, new long[] {0, 1}, new long[] {1, 0});
    Outcome.of(
            fixture.evaluate(
                "--metrics",
                "ndcg@3,vote-acc@3",
                "--levels",
                fixture.text("L.npy"),
                "--vote-temperature",
                "1"))
        .succeeded();
    assertThat(json().get("relevance").getAsString()).contains("shared levels");
    assertThat(json().get("vote_temperature").getAsDouble()).isEqualTo(1);
    double graded = json().getAsJsonObject("values").get("ndcg@3").getAsDouble();
    Outcome.of(fixture.evaluate("--metrics", "ndcg@3")).succeeded();
    assertThat(json().getAsJsonObject("values").get("ndcg@3").getAsDouble()).isNotEqualTo(graded);
  }

  @Test
  void uncertainRowsAreListed() throws IOException {
    Fixture fixture = line();
    Files.writeString(fixture.at("names.txt"), "a\nb\nc\nd\n");
    Outcome outcome =
        Outcome.of(
                fixture.evaluate(
                    "--out-uncertain",
                    fixture.text("u.csv"),
                    "--uncertain-count",
                    "1",
                    "--sample-names",
                    fixture.text("names.txt")))
            .succeeded();
    assertThat(outcome.out()).contains("written: " + fixture.text("u.csv"));
    assertThat(Files.readAllLines(fixture.at("u.csv")))
        .containsExactly(
            "kind,row,class,norm,nearest,cosine,right,row_name,nearest_name",
            "uncertain,0,7,0.0,1,0.0,true,a,b",
            "certain,3,7,3.5,1,1.0,true,d,b");
    NpyBytes.doubles(fixture.at("U.npy"), new double[] {0, 5, 1, 2}, 4);
    Outcome.of(
            fixture.evaluate(
                "--out-uncertain",
                fixture.text("u.csv"),
                "--uncertain-count",
                "3",
                "--uncertainty",
                fixture.text("U.npy")))
        .succeeded();
    assertThat(Files.readAllLines(fixture.at("u.csv")))
        .hasSize(5)
        .element(1)
        .isEqualTo("uncertain,1,7,5.0,2,1.0,false");
  }

  private JsonObject json() throws IOException {
    String text = Files.readString(folder.resolve("metrics.json"));
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
