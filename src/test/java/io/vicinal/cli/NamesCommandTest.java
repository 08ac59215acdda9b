package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonParser;
import io.vicinal.data.CsvReader;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.Safetensors;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of classes and samples, wherever numbers stood. */
class NamesCommandTest {
  private static final List<String> NASTY =
      List.of(
          "zero, nought",
          "the \"one\"",
          "two\nlines",
          "<b>three</b>",
          "\u05d0\u05e8\u05d1\u05e2",
          "f\u00fcnf",
          "same",
          "same",
          "'eight'",
          "nine".repeat(100));

  @TempDir private Path folder;

  private static String csv(List<String> cells, String header) {
    return cells.stream()
        .map(cell -> '"' + cell.replace("\"", "\"\"") + '"')
        .collect(Collectors.joining("\n", header + "\n", "\n"));
  }

  private static List<List<String>> table(Path file) {
    List<List<String>> rows = new ArrayList<>();
    try (CsvReader in = new CsvReader(file, false)) {
      for (List<String> row = in.next(); row != null; row = in.next()) {
        rows.add(row);
      }
    }
    return rows;
  }

  private static long[] labels(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int n = (bytes.length - 128) / 8;
    var data =
        java.nio.ByteBuffer.wrap(bytes, bytes.length - 8 * n, 8 * n)
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    return IntStream.range(0, n).mapToLong(i -> data.getLong()).toArray();
  }

  private static Path texts(Path file, String... values) {
    int width = Arrays.stream(values).mapToInt(String::length).max().getAsInt();
    byte[] data = new byte[width * values.length];
    for (int i = 0; i < values.length; i++) {
      byte[] text = values[i].getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(text, 0, data, i * width, text.length);
    }
    return NpyBytes.raw(file, "|S" + width, data, values.length);
  }

  private static String[] words(Path labels, String... words) throws IOException {
    return Arrays.stream(labels(labels)).mapToObj(y -> words[(int) y]).toArray(String[]::new);
  }

  @Test
  void anyTextNamesClassesAndSamples() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Files.writeString(fixture.at("n.csv"), csv(NASTY, "name"));
    int m = labels(fixture.at("ty.npy")).length;
    List<String> samples = IntStream.range(0, m).mapToObj(i -> "img/" + i + ".jpg").toList();
    Files.write(fixture.at("t.txt"), samples);
    String[] named = {
      "--class-names", fixture.text("n.csv") + ":name", "--test-sample-names", fixture.text("t.txt")
    };
    Outcome outcome = fixture.explained("confusions", named);
    assertThat(outcome.out())
        .contains("same (class 6)")
        .contains("'eight'")
        .doesNotContain("ninenine".repeat(20));
    List<List<String>> rows = table(fixture.at("out/confusions.csv"));
    assertThat(rows.get(0))
        .containsExactly(
            "i",
            "j",
            "label_i",
            "label_j",
            "squared_distance",
            "i_name",
            "j_name",
            "label_i_name",
            "label_j_name");
    for (List<String> row : rows.subList(1, rows.size())) {
      assertThat(row.get(5)).isEqualTo("img/" + row.get(0) + ".jpg");
      assertThat(row.get(6)).isEqualTo("img/" + row.get(1) + ".jpg");
      assertThat(row.get(7)).isEqualTo(NASTY.get(Integer.parseInt(row.get(2))));
    }
    assertThat(JsonParser.parseString(Files.readString(fixture.at("out/summary.json"))).toString())
        .contains("\"class_names\":[\"zero, nought\"");

    Outcome pair =
        fixture.explained(
            "pair --class-names % --test-sample-names % --pairs % --method gradient" + " --out %",
            fixture.text("n.csv") + ":name",
            fixture.text("t.txt"),
            fixture.text("out/confusions.csv"),
            fixture.text("pair"));
    assertThat(pair.out().lines())
        .anyMatch(line -> line.contains("two lines") || line.contains("<b>three</b>"));
    assertThat(pair.out()).containsPattern("pair (\\d+)-(\\d+) \\(img/\\1\\.jpg, img/\\2\\.jpg\\)");
    assertThat(Files.readString(fixture.at("pair/report.html")))
        .containsPattern("\"query (\\d+) \\(img/\\1\\.jpg\\)\"")
        .doesNotContain("<b>three</b>");
    assertThat(table(fixture.at("pair/top.csv")).get(0)).contains("class_name");

    String[] group = {
      "--class-names", fixture.text("n.csv") + ":name", "--groups", "9", "--method", "gradient"
    };
    Outcome groups = fixture.explained("group", group);
    assertThat(groups.out()).contains("group 8 ('eight')");
    assertThat(Files.readString(fixture.at("out/queries.json")))
        .containsPattern("wrong pairs? of .{1,6}eight.{1,6} with ")
        .doesNotContain(" of test class ");
  }

  /** From the labels to the suspects, and back through decisions. */
  @Test
  void oddNamesComeOutOfAnAuditAsTheyWentIn() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    List<String> classes = List.of(" cat", "007", "=A1", "a, \"b\"", "dog ", "two\r\nlines");
    long[] ids = labels(fixture.at("y.npy"));
    List<String> rows = new ArrayList<>(List.of("id,y"));
    for (int i = 0; i < ids.length; i++) {
      String name = NASTY.get(i % NASTY.size()) + " " + i + " ";
      rows.add(
          Stream.of(name, classes.get((int) ids[i]))
              .map(cell -> '"' + cell.replace("\"", "\"\"") + '"')
              .collect(Collectors.joining(",")));
    }
    Files.writeString(fixture.at("t.csv"), String.join("\n", rows));
    String[] named = {
      "--labels",
      fixture.text("t.csv") + ":y",
      "--sample-names",
      fixture.text("t.csv") + ":id",
      "--test-features",
      null,
      "--test-labels",
      null,
      "--detectors",
      "knn,oof-loss",
      "--budget",
      "7"
    };
    fixture.explained("mislabel", named);
    Path suspects = fixture.at("out/suspects.csv");
    List<List<String>> before = table(fixture.at("t.csv"));
    List<List<String>> table = table(suspects);
    List<String> header = table.get(0);
    for (List<String> row : table.subList(1, table.size())) {
      int sample = Integer.parseInt(row.get(header.indexOf("sample")));
      String label = row.get(header.indexOf("label_name"));
      String name = row.get(header.indexOf("sample_name"));
      assertThat(List.of(name, label)).isEqualTo(before.get(1 + sample));
    }
    // Decided as by somebody whose program writes a table in its own way.
    StringBuilder decided = new StringBuilder("sample;label;decision;new_label\r\n");
    for (List<String> row : table.subList(1, table.size())) {
      String label = row.get(header.indexOf("label_name"));
      String other = classes.get((classes.indexOf(label) + 1) % classes.size());
      decided.append(row.get(header.indexOf("sample")));
      for (String cell : List.of(label, "other", other)) {
        decided.append(';').append(CsvReader.cell(cell, ';'));
      }
      decided.append("\r\n");
    }
    Files.writeString(fixture.at("d.csv"), decided);
    Outcome.of(
            "labels apply --labels % --decisions % --out %",
            fixture.text("t.csv") + ":y", fixture.at("d.csv"), fixture.at("cleaned.csv"))
        .succeeded();
    List<List<String>> after = table(fixture.at("cleaned.csv"));
    int changed = 0;
    for (int i = 0; i < after.size(); i++) {
      assertThat(after.get(i).get(0)).isEqualTo(before.get(i).get(0));
      assertThat(i == 0 || classes.contains(after.get(i).get(1))).isTrue();
      changed += after.get(i).equals(before.get(i)) ? 0 : 1;
    }
    assertThat(changed).isEqualTo(7);
  }

  @Test
  void lengthsMustMatch() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    Files.writeString(fixture.at("few.txt"), "a\nb\n");
    Outcome.of(fixture.explain("confusions", "--class-names", fixture.text("few.txt")))
        .failed(2, "few.txt", "2 names for the classes 0..5");
    Outcome.of(fixture.explain("confusions", "--test-sample-names", fixture.text("few.txt")))
        .failed(2, "few.txt", "2 names for", "test samples");
    Outcome.of(fixture.explain("confusions", "--sample-names", fixture.text("few.txt")))
        .failed(2, "few.txt", "2 names for");
  }

  @Test
  void labelsThatAreTextsNameTheClassesOfARunAndItsHead() throws IOException {
    ExplainFixture fixture = ExplainFixture.in(folder);
    String[] words = {
      "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"
    };
    texts(fixture.at("names.npy"), words(fixture.at("y.npy"), words));
    texts(fixture.at("tnames.npy"), words(fixture.at("ty.npy"), words));
    Outcome.of(
            "train --config % --run % --set epochs=2 --set %",
            fixture.text("c.json"),
            fixture.text("named"),
            "data.labels=" + fixture.text("names.npy"))
        .succeeded();
    String[] sorted = {"five", "four", "one", "three", "two", "zero"};
    String metadata = Safetensors.metadata(fixture.at("named/head.safetensors")).get("classNames");
    assertThat(new Gson().fromJson(metadata, String[].class)).containsExactly(sorted);
    assertThat(Files.readString(fixture.at("named/config.json")).replaceAll("\\s", ""))
        .contains("\"classNames\":[\"five\",\"four\",\"one\",\"three\",\"two\",\"zero\"]");

    String[] own = {"--run", fixture.text("named"), "--test-labels", fixture.text("tnames.npy")};
    Outcome run = fixture.explainedRun("confusions", own);
    assertThat(run.out()).containsPattern("(?m)^(six|seven|eight|nine) ");
    byte[] byRun = Files.readAllBytes(fixture.at("out/confusions.csv"));
    assertThat(new String(byRun, StandardCharsets.UTF_8)).contains("label_i_name");

    // The head alone knows its classes too, whatever their order in the labels.
    String[] arrays = {
      "--head", fixture.text("named"),
      "--labels", fixture.text("names.npy"),
      "--test-labels", fixture.text("tnames.npy")
    };
    fixture.explained("confusions", arrays);
    assertThat(fixture.at("out/confusions.csv")).hasBinaryContent(byRun);

    // What is written of labels that are texts is texts.
    Outcome repaired =
        Outcome.of(
            fixture.explainRun(
                "relabel --run % --test-labels % --detector knn --out %",
                fixture.text("named"), fixture.text("tnames.npy"), fixture.text("repaired")));
    assertThat(repaired.code()).as(repaired.err()).isZero();
    try (Arena arena = Arena.host()) {
      List<String> labels =
          Labels.read(fixture.at("repaired/labels.npy"), arena, Names.none(), note -> {}).texts();
      assertThat(labels).hasSize(labels(fixture.at("y.npy")).length);
      assertThat(sorted).contains(labels.toArray(new String[0]));
    }

    Outcome.of(fixture.explainRun("confusions", "--run", fixture.text("named")))
        .failed(2, "ty.npy", "numbers and the training labels are names", "--class-names");
    Outcome.of(fixture.explain("confusions", "--test-labels", fixture.text("tnames.npy")))
        .failed(2, "tnames.npy", "names and the training labels are numbers");
    Outcome evaluated =
        Outcome.of(
                "evaluate --per-class --metrics r@1 --embeddings % --labels %",
                fixture.text("T.npy"), fixture.text("tnames.npy"))
            .succeeded();
    assertThat(evaluated.out()).containsPattern("(?m)^eight +\\d");
  }
}
