package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every loss that is a program has its section in docs/losses, with every parameter. */
class LossPagesTest {
  static List<String> losses() {
    return TupleLosses.names();
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aSectionHasTheParametersWithTheirDefaults(String name) throws IOException {
    String section = section(name);
    Map<String, Object> params = TupleLosses.params(TupleLosses.create(name, Map.of()));
    params.forEach(
        (param, value) -> {
          boolean number = value instanceof Number;
          String said = number ? "` " + value.toString().replaceFirst("\\.0$", "") : "";
          assertThat(section).as(name).contains("`" + param + said);
        });
  }

  /** The path of one program shows what is printed. */
  @Test
  void theArchitecturePageShowsANode() throws IOException {
    String page = Files.readString(Path.of("docs/architecture.md"));
    var shown = Pattern.compile("`(%\\d+ = sub %\\d+ %\\d+) +# (Triplet.java:\\d+)`").matcher(page);
    assertThat(shown.find()).isTrue();
    TupleLoss triplet = TupleLosses.create("triplet", Map.of());
    String program = new TupleProgram(triplet, null, false).gradient().toString();
    assertThat(program).containsPattern("(?m)^" + shown.group(1) + " +# " + shown.group(2) + "$");
  }

  private static String section(String name) throws IOException {
    Pattern section = Pattern.compile("\n## " + name + "\n(.*?)(?=\n## |\\z)", Pattern.DOTALL);
    try (Stream<Path> pages = Files.list(Path.of("docs/losses"))) {
      for (Path page : pages.toList()) {
        var found = section.matcher(Files.readString(page));
        if (found.find()) {
          return found.group(1);
        }
      }
    }
    throw new AssertionError("docs/losses has no section " + name);
  }
}
