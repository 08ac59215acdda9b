package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.vicinal.cli.common.CsvFile;
import io.vicinal.data.CsvReader;
import io.vicinal.data.LabelDecisions;
import io.vicinal.data.LabelEdits;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever classes and samples are called: labels, suspects, decisions, cleaned labels. */
class CellsRoundTripTest {
  private static final String[] PARTS = {
    "a",
    ",",
    ";",
    "\t",
    "\"",
    "\r",
    "\n",
    "\r\n",
    " ",
    "\u00a0",
    "\u2003",
    "\u2028",
    "\u001f",
    "\0",
    "\ufeff",
    "\u00fc",
    "u\u0308",
    "\ud83d\udc08",
    "'",
    "=A1",
    "007",
    "1e5",
    "nan",
    "\\n"
  };

  private static Path folder;

  @BeforeContainer
  static void open() throws IOException {
    folder = Files.createTempDirectory("cells");
  }

  @AfterContainer
  static void close() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.of(PARTS).list().ofMaxSize(5).map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<List<String>> classes() {
    return names()
        .filter(name -> !name.isEmpty())
        .list()
        .uniqueElements()
        .ofMinSize(20)
        .ofMaxSize(40);
  }

  @Provide
  Arbitrary<List<String>> samples() {
    return names().list().ofSize(41);
  }

  private static String quoted(String cell) {
    return '"' + cell.replace("\"", "\"\"") + '"';
  }

  private static List<String> labels(Path file) {
    try (Arena arena = Arena.host()) {
      return Labels.read(file, arena, Names.none(), note -> {}).texts();
    }
  }

  @Property(tries = 15)
  void anyNameComesOutAsItWentIn(
      @ForAll("classes") List<String> more,
      @ForAll("samples") List<String> manySamples,
      @ForAll @IntRange(max = 2) int pick)
      throws IOException {
    // One class is no number, else all could be.
    Names classes = Names.of(Stream.concat(more.stream(), Stream.of("cat")).distinct().toList());
    List<String> given = classes.list();
    int n = given.size();
    List<String> samples = manySamples.subList(0, n);
    String separator = List.of(",", ";", "\t").get(pick);
    String ending = separator.equals("\t") ? ".tsv" : ".csv";
    Path table = folder.resolve("t" + ending);
    Files.writeString(
        table,
        IntStream.range(0, n)
            .mapToObj(i -> quoted(samples.get(i)) + separator + quoted(given.get(i)))
            .collect(Collectors.joining("\r\n", "id" + separator + "y\r\n", "\r\n")));
    Path column = folder.resolve("t" + ending + ":y");
    assertThat(labels(column)).isEqualTo(given);

    CsvFile suspects =
        new CsvFile(
            Map.of(
                "sample", CsvFile.byId(Names.of(samples)),
                "label", CsvFile.byId(classes),
                "proposed", CsvFile.byId(classes)),
            "sample",
            "label",
            "proposed",
            "decision");
    IntStream.range(0, n).forEach(i -> suspects.row(i, i, (i + 1) % n, "accept"));
    Path decisions = folder.resolve("suspects.csv");
    suspects.write(decisions);
    assertThat(Names.read(folder.resolve("suspects.csv:sample_name")).list()).isEqualTo(samples);

    List<String> turned = IntStream.range(0, n).mapToObj(i -> given.get((i + 1) % n)).toList();
    LabelDecisions decided = LabelDecisions.read(decisions, classes);
    List<String> after = decided.apply(given, "", column);
    assertThat(after).isEqualTo(turned);
    Path cleaned = folder.resolve("cleaned" + ending);
    new LabelEdits(column, given).write(after, LabelEdits.Kind.TABLE, cleaned, cleaned);
    assertThat(labels(folder.resolve("cleaned" + ending + ":y"))).isEqualTo(turned);
    assertThat(Names.read(folder.resolve("cleaned" + ending + ":id")).list()).isEqualTo(samples);
  }

  /** A cell is read as it is, wherever it stands and whatever is around it. */
  @Property(tries = 15)
  void anyCellIsReadAsItWasWritten(@ForAll("samples") List<String> cells) throws IOException {
    Path file = folder.resolve("cells.csv");
    for (char c : new char[] {',', ';', '\t'}) {
      String table =
          IntStream.range(0, 20)
              .mapToObj(i -> quoted(cells.get(2 * i)) + c + CsvReader.cell(cells.get(2 * i + 1), c))
              .collect(Collectors.joining("\r", "a" + c + "b\r", ""));
      Files.writeString(file, table);
      try (CsvReader in = new CsvReader(file, false)) {
        in.next();
        for (int i = 0; i < 20; i++) {
          assertThat(in.next()).containsExactly(cells.get(2 * i), cells.get(2 * i + 1));
        }
        assertThat(in.next()).isNull();
      }
    }
  }

  @Example
  void blanksAndQuotesAreAsTheStandardHasThem() throws IOException {
    Path file = folder.resolve("cells.csv");
    Files.writeString(file, "\n\"a\tb\nc\";d\n x ; \" y \" \n\"\"\n\n5\" disk;z\n");
    try (CsvReader in = new CsvReader(file, false)) {
      assertThat(in.next()).as("a separator is none in quotes").containsExactly("a\tb\nc", "d");
      assertThat(in.next()).containsExactly("x", " y ");
      assertThat(in.next()).as("a name may be empty").containsExactly("");
      assertThat(in.next()).containsExactly("5\" disk", "z");
      assertThat(in.next()).isNull();
    }
    Files.writeString(file, "a,b\n1,\"the \"one\"\"\n");
    assertThatThrownBy(() -> Names.read(folder.resolve("cells.csv:b")))
        .hasMessageContaining("line 2 has a cell that goes on after its closing quote; double");
    Files.writeString(file, "a,b\n1,\"the one\n2,two\n");
    assertThatThrownBy(() -> Names.read(folder.resolve("cells.csv:b")))
        .hasMessageContaining("line 2 has a quote that is never closed");
    Path tsv = folder.resolve("one.tsv");
    Files.writeString(tsv, "name\na, b\n");
    assertThat(Names.read(folder.resolve("one.tsv:name")).list()).containsExactly("a, b");
  }

  /** A spreadsheet writes blanks without quotes; people write blanks after a comma. */
  @Example
  void blanksThatAreOfANameStayWithoutQuotes() throws IOException {
    Path file = folder.resolve("decisions.csv");
    Files.writeString(
        file,
        "sample,label,proposed,decision\n0, cat,dog ,accept\n1, dog , cat , keep\n2,\"cat\",dog,accept\n");
    assertThat(LabelDecisions.read(file, Names.of(List.of(" cat", "cat", "dog "))).rows())
        .extracting(LabelDecisions.DecidedLine::before, LabelDecisions.DecidedLine::after)
        .containsExactly(tuple(" cat", "dog "), tuple("dog", "dog"), tuple("cat", "dog"));
  }
}
