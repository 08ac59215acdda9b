package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every case of {@link BadInputCases} in a process apart: exit code 2, one line that names what it
 * must, no crash report, and every file that was there before is there after, unchanged.
 */
class BadInputTest {
  @TempDir private Path folder;

  private record Ran(Outcome outcome, Map<Path, String> before, Map<Path, String> after) {}

  @TestFactory
  Stream<DynamicTest> oneLineAndNothingLost() {
    List<BadInputCases.Case> cases = BadInputCases.all();
    assertThat(cases).hasSizeGreaterThanOrEqualTo(60);
    List<DynamicTest> tests = new ArrayList<>();
    try (CliSession session = CliSession.in(folder.resolve("work"))) {
      for (BadInputCases.Case each : cases) {
        Ran ran = run(session, each, folder.resolve("case" + tests.size()));
        tests.add(dynamicTest(each.name(), () -> check(each, ran)));
      }
    }
    // The folder goes when this method returns, so what the checks need is in memory.
    return tests.stream();
  }

  private static Ran run(CliSession session, BadInputCases.Case each, Path folder) {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    write(fixture.at("metrics.json"), "kept");
    write(fixture.at("Z.npy"), "kept");
    Object[] arguments = allowed(each.arguments().apply(fixture));
    Map<Path, String> before = contents(fixture.folder());
    Outcome outcome = session.run(arguments);
    return new Ran(outcome, before, contents(fixture.folder()));
  }

  /** What is in the way may be replaced: only the bad input keeps it. */
  private static Object[] allowed(Object[] arguments) {
    if (arguments.length == 0
        || !Set.of("loss", "evaluate", "embed").contains(arguments[0].toString())) {
      return arguments;
    }
    Object[] more = Arrays.copyOf(arguments, arguments.length + 1);
    more[arguments.length] = "--overwrite";
    return more;
  }

  private static void check(BadInputCases.Case each, Ran ran) {
    assertThat(ran.outcome().out()).isEmpty();
    ran.outcome().failed(2, each.fragments());
    assertThat(ran.after()).containsAllEntriesOf(ran.before());
    assertThat(ran.after().keySet())
        .as("no half-written results")
        .allMatch(file -> ran.before().containsKey(file) || isBookkeeping(file));
  }

  /** A run folder that was refused may keep its lock. */
  private static boolean isBookkeeping(Path file) {
    return file.getFileName().toString().contains("lock");
  }

  static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The hash of every regular file. */
  static Map<Path, String> contents(Path folder) {
    Map<Path, String> contents = new HashMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(file, HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return contents;
  }
}
