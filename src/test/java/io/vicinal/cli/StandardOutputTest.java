package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Results that could not be printed are a failure; a reader who had enough is none. */
class StandardOutputTest {
  @TempDir private Path folder;

  @Test
  void everyCommandFailsWhenItsOutputIsLost() {
    Fixture fixture = Fixture.in(folder);
    List<Object[]> commands = new ArrayList<>();
    Collections.addAll(
        commands,
        new Object[] {"list"},
        new Object[] {"doctor"},
        new Object[] {"--help"},
        new Object[] {"--version"},
        new Object[] {"explain", "pair", "--help"},
        fixture.evaluate(),
        fixture.embed(),
        fixture.loss("cosface"),
        fixture.train("--dry-run", ""),
        fixture.train("--run", fixture.text("run")));
    for (Object[] command : commands) {
      assertThat(code(command, "No space left on device")).as(command[0].toString()).isEqualTo(2);
      assertThat(code(command, "Broken pipe"))
          .as(command[0] + " | head")
          .isEqualTo(command == commands.get(commands.size() - 1) ? 2 : 0);
    }
    assertThat(fixture.at("run/head.safetensors")).as("the work went on").exists();
  }

  @Test
  void itIsSaidInOneLineAndOnTheRealDevice() throws Exception {
    for (String command : new String[] {"list", "list losses", "--version"}) {
      for (String where : new String[] {">/dev/full", "| head -1"}) {
        Path err = folder.resolve("err");
        String java =
            Path.of(System.getProperty("java.home"), "bin", "java")
                + " -XX:TieredStopAtLevel=1 -cp \"$CP\" io.vicinal.cli.Main "
                + command;
        ProcessBuilder builder =
            new ProcessBuilder("bash", "-c", "set -o pipefail; " + java + " " + where);
        builder.environment().put("CP", System.getProperty("java.class.path"));
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.redirectError(err.toFile()).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        int code = builder.start().waitFor();
        if (where.startsWith("|")) {
          assertThat(code).as(command + where).isZero();
          assertThat(err).hasContent("");
        } else {
          new Outcome(code, "", Files.readString(err))
              .failed(2, "vicinal", "standard output cannot be written (No space left on device)");
        }
      }
    }
  }

  private static int code(Object[] command, String failure) {
    String[] texts = new String[command.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = command[i].toString();
    }
    return Main.run(
        texts,
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException(failure);
          }
        });
  }
}
