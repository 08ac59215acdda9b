package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Patience;
import io.vicinal.process.FolderFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A command that was killed goes on where it was, and ends with the same bytes. */
@Timeout(Patience.SECONDS) // a piece that is made again is waited for in vain
class ExplainResumeTest {
  private static final String METHODS = "gradient,newton-loo,if";
  private static final List<String> SAME =
      List.of("scores-gradient.npy", "scores-newton-loo.npy", "scores-if.npy", "queries.json");

  @TempDir private Path folder;

  @Test
  void killedAndCalledAgainItEndsWithTheSameBytes() throws Exception {
    ExplainFixture fixture = ExplainFixture.in(folder.resolve("data"));
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n7,31\n");
    Path whole = fixture.at("whole");
    Outcome.of(pairs(fixture, whole)).succeeded();
    Path out = fixture.at("out");
    try (CliProcess process =
        CliProcess.start(folder.resolve("work"), held(1), pairs(fixture, out))) {
      waitForPieces(1, out, process);
      process.kill();
    }
    assertThat(visible(out)).as("nothing half-written").isEmpty();
    List<Path> pieces = pieces(out);
    assertThat(pieces).as("some blocks were finished").isNotEmpty();

    // Other pairs do not meet these pieces, although their names contain each other.
    Files.writeString(fixture.at("pairs.csv"), "i,j\n15,26\n5,64\n7,31\n");
    fixture.explained("pair", "--pairs", fixture.text("pairs.csv"), "--out", out.toString());
    assertThat(Files.readString(out.resolve("queries.json"))).contains("pair 15-26");
    assertThat(pieces(out)).containsAll(pieces);

    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n7,31\n");
    CliProcess.run(folder.resolve("work"), pairs(fixture, out)).succeeded();
    for (String name : SAME) {
      assertThat(out.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
    }
    assertThat(summary(out)).isEqualTo(summary(whole));
    assertThat(pieces(out)).as("finished work is not kept").isEmpty();
    assertThat(CliProcess.crashReports(folder)).isEmpty();
  }

  /** Ctrl-C, and what a scheduler sends. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void interruptedInTheMiddleItGoesOn(String signal) throws Exception {
    ExplainFixture fixture = ExplainFixture.in(folder.resolve("data"));
    StringBuilder list = new StringBuilder("i,j\n");
    for (int i = 0; i < 40; i++) { // three blocks of queries
      list.append(i).append(',').append(i + 41).append('\n');
    }
    Files.writeString(fixture.at("pairs.csv"), list);
    Path out = fixture.at("out");
    Path work = folder.resolve("work");
    try (CliProcess process = CliProcess.start(work, held(1), oneMethod(fixture, out))) {
      waitForPieces(1, out, process);
      Outcome outcome = process.signal(signal);
      assertThat(outcome.code()).isEqualTo(signal.equals("INT") ? 130 : 143);
      assertThat(outcome.err())
          .doesNotContain("\tat ")
          .contains("vicinal: interrupted; the same command goes on where it stopped");
      assertThat(outcome.out()).startsWith("explaining 40 confusions by ").contains("forecast: ");
      assertThat(outcome.out()).doesNotContain("written");
    }
    assertThat(visible(out)).as("nothing half-written").isEmpty();
    List<Path> finished = pieces(out);
    assertThat(finished).as("some blocks, not all").hasSize(1);
    FileTime made = Files.getLastModifiedTime(finished.get(0));
    try (CliProcess process = CliProcess.start(work, held(1), oneMethod(fixture, out))) {
      waitForPieces(2, out, process);
      process.kill();
    }
    assertThat(Files.getLastModifiedTime(finished.get(0))).as("not made again").isEqualTo(made);
    CliProcess.run(work, oneMethod(fixture, out)).succeeded();
    Path whole = fixture.at("whole");
    Outcome.of(oneMethod(fixture, whole)).succeeded();
    for (String name : List.of("scores.npy", "queries.json", "top.csv")) {
      assertThat(out.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
    }
    assertThat(summary(out)).isEqualTo(summary(whole));
    assertThat(pieces(out)).as("finished work is not kept").isEmpty();
    assertThat(CliProcess.crashReports(folder)).isEmpty();
  }

  /** What is solved again starts at the same point, whatever an earlier call had computed. */
  @ParameterizedTest
  @CsvSource({"verify,7,--relabel", "pair,5,--check"}) // in the middle of solving again
  void solvingAgainGoesOnToo(String command, int pieces, String option) throws Exception {
    ExplainFixture fixture = ExplainFixture.in(folder.resolve("data"));
    Files.writeString(fixture.at("pairs.csv"), "i,j\n5,26\n15,64\n7,31\n");
    Path work = folder.resolve("work");
    Path whole = fixture.at("whole");
    Path out = fixture.at("out");
    Outcome.of(again(fixture, command, option, whole)).succeeded();
    try (CliProcess process =
        CliProcess.start(work, held(pieces), again(fixture, command, option, out))) {
      waitForPieces(pieces, out, process);
      process.kill();
    }
    assertThat(pieces(out)).anyMatch(piece -> piece.toString().contains("piece-edit-"));
    CliProcess.run(work, again(fixture, command, option, out)).succeeded();
    boolean pair = command.equals("pair");
    for (String name : List.of(pair ? "scores.npy" : "verification.csv", "queries.json")) {
      assertThat(out.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
    }
    assertThat(summary(out)).isEqualTo(summary(whole));
  }

  private static Object[] again(ExplainFixture fixture, String command, String option, Path out) {
    return fixture.explain(
        command,
        "--pairs",
        fixture.text("pairs.csv"),
        "--method",
        "if",
        "--dtype",
        "float64",
        option,
        option.equals("--check") ? "1000" : "3",
        "--damping",
        "auto",
        "--out",
        out.toString());
  }

  private static Object[] oneMethod(ExplainFixture fixture, Path out) {
    return fixture.explain(
        "pair --pairs % --method newton-loo --check 0 --damping 10x --out %",
        fixture.text("pairs.csv"), out.toString());
  }

  private static Object[] pairs(ExplainFixture fixture, Path out) {
    return fixture.explain(
        "pair --pairs % --method % --damping 10x --out %",
        fixture.text("pairs.csv"), METHODS, out.toString());
  }

  /** Times differ, nothing else may. */
  private static String summary(Path out) throws IOException {
    return Files.readString(out.resolve("summary.json")).replaceAll("\"seconds\": [^,\n]*", "");
  }

  /** The option of a process that waits after so many pieces that it made, until it is ended. */
  private static List<String> held(int pieces) {
    return List.of("-Dio.vicinal.hold=" + pieces);
  }

  private static void waitForPieces(int count, Path out, CliProcess process) throws Exception {
    while (process.runs() && pieces(out).size() < count) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    assertThat(process.runs()).as("killed while it works").isTrue();
  }

  private static List<Path> pieces(Path out) {
    return FolderFiles.below(out, 2).stream()
        .filter(f -> f.getFileName().toString().matches("piece-.*\\.json"))
        .sorted()
        .toList();
  }

  private static List<Path> visible(Path out) throws IOException {
    try (Stream<Path> files = Files.list(out)) {
      return files.filter(f -> !f.getFileName().toString().startsWith(".")).toList();
    }
  }
}
