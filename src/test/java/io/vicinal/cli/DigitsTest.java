package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is printed reads the same in every reader's language. */
class DigitsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"ar,EG", "de,DE"})
  void digitsAndPointsAreThoseOfNoLanguage(String language, String country) {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    List<String> locale = List.of("-Duser.language=" + language, "-Duser.country=" + country);
    Object[] evaluate = fixture.evaluate("--metrics", "r@1,map@r");
    String plain = Outcome.of(evaluate).succeeded().out();
    try (CliProcess process = CliProcess.start(folder.resolve("work"), locale, evaluate)) {
      assertThat(process.await().succeeded().out()).isEqualTo(plain);
    }
    Object[] plan = {"train", "--config", fixture.text("c.json"), "--dry-run"};
    String planned = Outcome.of(plan).out();
    try (CliProcess process = CliProcess.start(folder.resolve("work"), locale, plan)) {
      assertThat(settled(process.await().out()))
          .isEqualTo(settled(planned))
          .containsPattern("training samples 12");
    }
  }

  /** What is left of the machine's memory changes from call to call; its digits may not. */
  private static String settled(String plan) {
    return plan.replaceAll("may take [0-9]+\\.[0-9] GiB", "may take ... GiB");
  }
}
