package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.LabelDecisions;
import io.vicinal.data.Labels;
import io.vicinal.data.Names;
import io.vicinal.data.TableFile;
import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decisions about doubted labels, applied. */
class LabelsApplyTest {
  private static final String HEADER = "sample,name,label,proposed,decision,new_label\n";

  @TempDir private Path folder;

  @BeforeEach
  void labels() throws IOException {
    NpyBytes.longs(folder.resolve("y.npy"), 4, 0, 7, 2, 2);
    Files.writeString(folder.resolve("names.txt"), "Coat\nShirt\n\"Dress\", long\nÅrm\nShirt\n");
  }

  private Outcome apply(String labels, String decisions, String out, String... more)
      throws IOException {
    Files.writeString(folder.resolve("decisions.csv"), decisions);
    Object[] arguments =
        Outcome.words(
            "labels apply --labels % --decisions % --out %",
            folder.resolve(labels), folder.resolve("decisions.csv"), folder.resolve(out));
    return Outcome.of(ExplainNoiseTest.with(arguments, more));
  }

  private List<String> read(String file) {
    try (Arena arena = Arena.host()) {
      return Labels.read(folder.resolve(file), arena, Names.none(), note -> {}).texts();
    }
  }

  @Test
  void acceptedRejectedAndOtherLabelsAreWritten() throws IOException {
    String rows =
        HEADER
            + "2,image 2,7,3,accept,\n"
            + "0,image 0,4,1,keep,\n"
            + "4,\"image, the fourth\",2,1,Other,11\n"
            + "1,image 1,0,5,,\n"; // nobody decided
    apply("y.npy", rows, "cleaned.npy").failed(2, "line 2: label '3' is no class of", "--new-c");
    Outcome outcome = apply("y.npy", rows, "cleaned.npy", "--new-classes").succeeded();
    assertThat(read("cleaned.npy")).containsExactly("4", "0", "3", "2", "11");
    assertThat(read("y.npy")).as("the input stays").containsExactly("4", "0", "7", "2", "2");
    assertThat(outcome.out())
        .contains("3 decisions: 2 of 5 labels changed", "not there before: 11, 3");
  }

  /** The words of a suggestion, of older files, and of a table program's numbers. */
  @Test
  void aDecisionIsReadHoweverItIsSpelt() throws IOException {
    String rows =
        "sample;label;proposed;decision;new_label\n"
            + "0;4;2.0;relabel;\n" // as a rule wrote it
            + "1.0;0.0;7.0;reject;\n"
            + "2;7;0;;4\n" // a new label alone
            + "3;2;4;accept;4\n"
            + "4;2;4;left to a person;\n";
    apply("y.npy", rows, "cleaned.npy").succeeded();
    assertThat(read("cleaned.npy")).containsExactly("2", "0", "4", "4", "2");
  }

  /** The rows that were touched may agree with a file that is another all the same. */
  @Test
  void decisionsAreForTheLabelsThatTheyWereMadeFor() throws IOException {
    String now = LabelDecisions.madeFor(new long[] {4, 0, 7, 2, 2});
    assertThat(now)
        .isEqualTo(LabelDecisions.madeFor(new long[] {0, 1, 2, 3, 3}))
        .isNotEqualTo(LabelDecisions.madeFor(new long[] {4, 0, 7, 2, 7}));
    String header = "made_for," + HEADER;
    String row = ",2,a,7,2,accept,\n";
    apply("y.npy", header + now + row, "cleaned.npy").succeeded();
    NpyBytes.longs(folder.resolve("other.npy"), 4, 0, 7, 2, 0);
    apply("other.npy", header + now + row, "c.npy").failed(2, "made for other labels", now);
    String two = header + now + row + "5 labels abc,3,a,2,4,accept,\n";
    apply("y.npy", two, "c.npy").failed(2, "line 3", "other labels than the rows above");
    assertThat(folder.resolve("c.npy")).doesNotExist();
  }

  @Test
  void namesStayNames() throws IOException {
    String rows =
        "new_label,decision,sample,label,detector\n"
            + "Shirt,other,2,\"\"\"Dress\"\", long\",0.3\n"
            + ",keep,3,Årm,0.2\n";
    for (String out : List.of("cleaned.npy", "cleaned.txt")) {
      apply("names.txt", rows, out).succeeded();
      assertThat(read(out)).containsExactly("Coat", "Shirt", "Shirt", "Årm", "Shirt");
    }
    // What was written can be cleaned again.
    apply("cleaned.npy", HEADER + "3,,Årm,Coat,accept,\n", "again.txt").succeeded();
    assertThat(Files.readString(folder.resolve("again.txt")))
        .isEqualTo("Coat\nShirt\nShirt\nCoat\nShirt\n");
  }

  /** As a review saves them: numbers and names; a spreadsheet's reader may write a name too. */
  @Test
  void columnsOfNamesCountWhereLabelsAreNames() throws IOException {
    String rows =
        "sample,label,proposed,new_label,decision,label_name,proposed_name,new_label_name\n"
            + "0,1,2,,accept,Coat,Shirt,\n"
            + "1,2,1,3,other,Shirt,Coat,Årm\n"
            + "4,2,1,Skirt,other,Shirt,Coat,\n";
    apply("names.txt", rows, "cleaned.npy").failed(2, "label 'Skirt' is no class", "Coat, Shirt");
    Outcome outcome = apply("names.txt", rows, "cleaned.npy", "--new-classes").succeeded();
    assertThat(read("cleaned.npy"))
        .containsExactly("Shirt", "Årm", "\"Dress\", long", "Årm", "Skirt");
    assertThat(outcome.out()).contains("not there before: Skirt");
    apply("y.npy", rows, "cleaned.npy").failed(2, "found label '1' at sample 0");
    String numbers = rows.replace("_name", "_note"); // as by somebody who keeps what help lists
    apply("names.txt", numbers, "c.npy")
        .failed(
            2, "line 2 has label '1' where labels are names", "'\"Dress\", long'", "label_name");
  }

  /** As Excel writes "Unicode text", and an old one a CSV. */
  @Test
  void aTableInAnotherEncodingIsToldHowToSaveIt() throws IOException {
    for (Charset other : List.of(StandardCharsets.UTF_16LE, StandardCharsets.ISO_8859_1)) {
      Path file = folder.resolve("other.csv");
      Files.write(file, ("\u00C5" + HEADER + "0,a,4,2,accept,\n").getBytes(other));
      Object[] arguments =
          Outcome.words(
              "labels apply --labels % --decisions % --out %",
              folder.resolve("y.npy"), file, folder.resolve("c.npy"));
      Outcome.of(arguments).failed(2, "other.csv", "save it as UTF-8", "'CSV UTF-8'");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2,a,6,3,accept,      | line 2 found label '6' at sample 2, where",
        "5,a,6,3,accept,      | line 2 decides on sample 5, but",
        "-1,a,6,3,accept,     | line 2 has sample '-1'",
        "2,a,7,3,maybe,       | line 2 has decision 'maybe'",
        "2,a,7,,accept,       | nothing in column 'proposed'",
        "2,a,7,3,other,       | nothing in column 'new_label'",
        "2,a,7,3,other,seven  | line 2: label 'seven' is no whole number",
        "2,a,7,2,accept,4     | line 2 accepts '2' and has new_label '4'",
        "2,a,7,2,keep,4       | line 2 keeps '7' and has new_label '4'",
        "2,a,7,3              | line 2 has 4 cells where the first line has 6",
        "2,a,7,3,,            | has no decision",
      })
  void whatCannotBeMeantIsOneLineAndNothingIsWritten(String row, String said) throws IOException {
    apply("y.npy", HEADER + row.strip() + "\n", "cleaned.npy").failed(2, said, "decisions.csv");
    assertThat(folder.resolve("cleaned.npy")).doesNotExist();
  }

  @Test
  void twoDecisionsOnOneSampleMustAgree() throws IOException {
    String twice = HEADER + "2,a,7,3,accept,\n2,a,7,3,";
    NpyBytes.longs(folder.resolve("y.npy"), 4, 0, 7, 2, 3);
    apply("y.npy", twice + "keep,\n", "cleaned.npy").failed(2, "line 3", "sample 2", "line 2");
    apply("y.npy", twice + "other,3\n", "cleaned.npy").succeeded();
    assertThat(read("cleaned.npy")).containsExactly("4", "0", "3", "2", "3");
  }

  @Test
  void aLabelThatIsNoLineNamesTheFileThatWasAskedFor() throws IOException {
    String row = HEADER + "0,,Coat,,other,\"two\nlines\"\n";
    apply("names.txt", row, "cleaned.txt", "--new-classes")
        .failed(2, folder + "/cleaned.txt", "name a .npy file");
    apply("names.txt", row, "cleaned.npy", "--new-classes").succeeded();
    assertThat(read("cleaned.npy").get(0)).isEqualTo("two\nlines");
  }

  @Test
  void aFileWithoutTheColumnsSaysHowItBegins() throws IOException {
    apply("y.npy", "sample,label\n1,2\n", "c.npy").failed(2, "no column 'decision'", "line 1");
    apply("y.npy", "", "c.npy").failed(2, "no column 'sample'");
  }

  /** The table of a data cleaner: names, pictures and other columns beside the labels. */
  @Test
  void aTableComesBackWithOneCellChanged() throws IOException {
    String table =
        "\uFEFFfile;Größe; Klasse ;note\r\n"
            + "a.png;1,50; Coat ;\"a \"\"b\"\"\"\r\n"
            + "\r\n"
            + "b.png;2; \"Shirt\" ;\"two\nlines\"\r\n"
            + "c.png;3;Coat;";
    Files.writeString(folder.resolve("table.csv"), table);
    String rows = HEADER + "0,,Coat,,other,\"Dress; \"\"long\"\"\"\n1,,Shirt,Coat,accept,\n";
    apply("table.csv:Klasse", rows, "cleaned.csv", "--new-classes").succeeded();
    assertThat(Files.readString(folder.resolve("cleaned.csv")))
        .isEqualTo(
            table.replace(" Coat ", " \"Dress; \"\"long\"\"\" ").replace("\"Shirt\"", "\"Coat\""));
    apply("table.csv:Klasse", rows, "c.txt", "--new-classes").succeeded();
    assertThat(read("c.txt")).containsExactly("Dress; \"long\"", "Coat", "Coat");
    apply("names.txt", rows, "c.csv").failed(2, "column of a table", "name a .npy or .txt");
    apply("table.csv:Klasse", rows, "table.csv", "--overwrite").failed(2, "is an input");
    assertThat(folder.resolve("table.csv")).hasContent(table);
  }

  /** The ending says how a table is separated, unless the labels' own file has the same. */
  @Test
  void aTableIsSeparatedAsItsEndingSays() throws IOException {
    Files.writeString(
        folder.resolve("t.csv"), "\uFEFFid,y,note\r\n1,Coat,\"a, b\"\r\n\r\n2,Shirt,c\td\r\n");
    String rows = HEADER + "0,,Coat,Shirt,accept,\n";
    apply("t.csv:y", rows, "t.tsv").succeeded();
    String tabs = "\uFEFFid\ty\tnote\r\n1\tShirt\t\"a, b\"\r\n\r\n2\tShirt\t\"c\td\"\r\n";
    assertThat(Files.readString(folder.resolve("t.tsv"))).isEqualTo(tabs);
    apply("t.tsv:y", HEADER + "1,,Shirt,,other,Coat\n", "u.csv", "--new-classes").succeeded();
    assertThat(Files.readString(folder.resolve("u.csv")))
        .isEqualTo(tabs.replace("2\tShirt", "2\tCoat").replace("\t", ",").replace("c,d", "c\td"));
    Files.writeString(folder.resolve("s.csv"), "id;y\n1;Coat\n2;Shirt\n");
    Outcome kept = apply("s.csv:y", rows, "v.csv").succeeded();
    assertThat(kept.out()).contains("v.csv (separated by semicolons, as the labels' file)");
    assertThat(folder.resolve("v.csv")).hasContent("id;y\n1;Shirt\n2;Shirt\n");
  }

  /** Codes that look like numbers stay the codes that they are. */
  @Test
  void labelsAreSpeltAsTheirFileSpellsThem() throws IOException {
    Files.writeString(folder.resolve("codes.csv"), "id,code\n0,007\n1,010\n2,007\n3,100\n");
    String rows = HEADER + "3,,100,7,accept,\n0,,007,,other,010\n";
    for (String out : List.of("cleaned.csv", "codes.txt")) {
      apply("codes.csv:code", rows, out).succeeded();
      assertThat(Files.readString(folder.resolve(out)))
          .isEqualTo(
              out.endsWith("csv")
                  ? "id,code\n0,010\n1,010\n2,007\n3,007\n"
                  : "010\n010\n007\n007\n");
    }
    apply("codes.txt", HEADER + "1,,10,7,accept,\n", "again.txt").succeeded();
    assertThat(folder.resolve("again.txt")).hasContent("010\n007\n007\n007\n");
  }

  /** Texts that read as numbers stay texts, also where a longer one comes. */
  @Test
  void codesInAnArrayStayTexts() throws IOException {
    byte[] utf32 = "007012".getBytes(Charset.forName("UTF-32LE"));
    NpyBytes.raw(folder.resolve("codes.npy"), "<U3", utf32, 2);
    apply("codes.npy", HEADER + "1,,012,,other,1000\n", "cleaned.npy", "--new-classes").succeeded();
    byte[] after = "007\0001000".getBytes(Charset.forName("UTF-32LE"));
    assertThat(Files.readAllBytes(folder.resolve("cleaned.npy")))
        .endsWith(after)
        .containsSequence("<U4".getBytes(StandardCharsets.US_ASCII));
  }

  @ParameterizedTest
  @CsvSource({"|u1", "<i4", ">i4", "<f4", "|i1"})
  void anArrayKeepsItsTypeAndShape(String type) throws IOException {
    int bytes = type.charAt(2) - '0';
    ByteBuffer data =
        ByteBuffer.allocate(5 * bytes)
            .order(type.charAt(0) == '>' ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    byte[] after = new byte[5 * bytes];
    int[] labels = {4, 0, 7, 2, 2};
    int[] cleaned = {4, 2, 7, 2, 200};
    for (int[] some : List.of(cleaned, labels)) {
      for (int i = 0; i < 5; i++) {
        if (type.endsWith("f4")) {
          data.putFloat(4 * i, some[i]);
        } else if (bytes == 4) {
          data.putInt(4 * i, some[i]);
        } else {
          data.put(i, (byte) some[i]);
        }
      }
      if (some == cleaned) {
        after = data.array().clone();
      }
    }
    NpyBytes.raw(folder.resolve("typed.npy"), type, data.array(), 5, 1);
    String rows = HEADER + "1,,0,2,accept,\n4,,2,,other,200\n";
    Outcome outcome = apply("typed.npy", rows, "cleaned.npy", "--new-classes");
    if (type.equals("|i1")) {
      outcome.failed(2, "has int8 labels, which cannot be 200");
      return;
    }
    outcome.succeeded();
    assertThat(Files.readAllBytes(folder.resolve("cleaned.npy")))
        .isEqualTo(
            Files.readAllBytes(NpyBytes.raw(folder.resolve("expected.npy"), type, after, 5, 1)));
  }

  /** Two samples may be one row of another table: parts of one picture. */
  @Test
  void twoDecisionsOnOneRowOfAnotherTableMustAgree() throws IOException {
    Files.writeString(folder.resolve("list.csv"), "path,label\na.png,cat\nb.png,dog\n");
    String header = "sample,sample_name,label,proposed,decision\n";
    String first = "7,./a.png,cat,dog,accept\n";
    apply("list.csv:label", header + first + "9,a.png,cat,cat,keep\n", "c.csv", "--join", "path")
        .failed(2, "line 3 decides on 'a.png' once more", "line 2");
    assertThat(folder.resolve("c.csv")).doesNotExist();
    apply(
            "list.csv:label",
            header + first + "9,x/../a.png,cat,dog,accept\n",
            "c.csv",
            "--join",
            "path")
        .succeeded();
    assertThat(folder.resolve("c.csv")).hasContent("path,label\na.png,dog\nb.png,dog\n");
  }

  @Test
  void aTableInParquetIsNotWrittenAgain() throws IOException {
    List<String> labels = List.of("cat", "dog", "cat");
    new TableFile(3)
        .texts("label", row -> labels.get((int) row))
        .write(folder.resolve("t.parquet"));
    String rows = "sample,label,decision,new_label\n2,cat,other,dog\n";
    apply("t.parquet:label", rows, "c.csv").failed(2, "Parquet table is not written", ".npy or");
    apply("t.parquet:label", rows, "c.parquet").failed(2, "is written as .npy");
    apply("t.parquet:label", rows, "c.npy").succeeded();
    assertThat(read("c.npy")).containsExactly("cat", "dog", "dog");
    apply("t.parquet:label", rows, "c.txt").succeeded();
    assertThat(folder.resolve("c.txt")).hasContent("cat\ndog\ndog\n");
  }

  @Test
  void classesThatReadAsOneAreMentioned() throws IOException {
    Files.writeString(folder.resolve("twins.txt"), "süß\nsu\u0308ß\nCoat\ncoat\n");
    Outcome outcome = apply("twins.txt", HEADER + "2,,Coat,,other,coat\n", "c.txt").succeeded();
    assertThat(outcome.out())
        .contains("'Coat' and 'coat' differ only in capitals (and 1 more)", "if they are one");
  }
}
