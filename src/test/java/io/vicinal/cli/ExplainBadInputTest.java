package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of {@link ExplainBadInputCases}: one line, exit code 2, and nothing written. */
class ExplainBadInputTest {
  @TempDir private Path folder;

  static List<ExplainBadInputCases.Case> cases() {
    return ExplainBadInputCases.all();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void oneLineAndNothingWritten(ExplainBadInputCases.Case each) {
    ExplainFixture fixture = ExplainFixture.in(folder.resolve("data"));
    Object[] arguments = each.arguments().apply(fixture);
    Map<Path, String> before = BadInputTest.contents(folder);
    Outcome outcome = Outcome.of(arguments);
    outcome.failed(2, each.fragments());
    assertThat(outcome.out()).matches("(explaining .*\\R)?(forecast: .*\\R)?");
    assertThat(BadInputTest.contents(folder)).isEqualTo(before);
    assertThat(fixture.at("out")).doesNotExist();
  }
}
