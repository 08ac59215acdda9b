package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.Patience;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class TrainInterruptTest {
  @TempDir private Path folder;

  /** The sentence is taken at its word: what it says is run. */
  @Test
  @Timeout(Patience.SECONDS)
  void ctrlCSaysHowToGoOn() throws Exception {
    Fixture fixture = Fixture.in(folder.resolve("data"));
    Object[] train = fixture.train("--set", "epochs=100000000");
    try (CliProcess process = CliProcess.start(folder.resolve("work"), List.of(), train)) {
      Path metrics = fixture.at("run/metrics.jsonl");
      while (!Files.exists(metrics) || Files.size(metrics) == 0) {
        assertThat(process.runs()).isTrue();
        Thread.sleep(50);
      }
      Outcome outcome = process.signal("INT");
      assertThat(outcome.code()).isEqualTo(130);
      Matcher said =
          Pattern.compile("vicinal train: interrupted; go on with 'vicinal (.* --resume)'")
              .matcher(outcome.err());
      assertThat(said.find()).as(outcome.err()).isTrue();
      long lines = Files.readAllLines(metrics).size();
      String[] words = (said.group(1) + " --set epochs=" + (lines + 3)).split(" ");
      Outcome resumed = CliProcess.run(folder.resolve("work"), (Object[]) words);
      assertThat(resumed.code()).as(resumed.err()).isZero();
    }
  }
}
