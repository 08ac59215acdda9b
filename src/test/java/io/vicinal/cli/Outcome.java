package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import picocli.CommandLine;

/** What a command printed and returned. */
record Outcome(int code, String out, String err) {

  /** Runs a command in this process. */
  static Outcome of(Object... args) {
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = String.valueOf(args[i]);
    }
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    int code = commandLine.execute(texts);
    return new Outcome(code, out.toString(), err.toString());
  }

  Outcome succeeded() {
    assertThat(err).isEmpty();
    assertThat(code).isZero();
    return this;
  }

  /** Checks the code, that one line was said, without a class name, and what it contains. */
  Outcome failed(int expected, String... fragments) {
    assertThat(code).as(err).isEqualTo(expected);
    assertThat(err.strip().lines()).as(err).hasSize(1);
    assertThat(err).doesNotContainPattern("[a-z]+\\.[a-z]+\\.[A-Z]\\w+(Exception|Error)|\\tat ");
    for (String fragment : fragments) {
      assertThat(err.toLowerCase(Locale.ROOT)).contains(fragment.toLowerCase(Locale.ROOT));
    }
    return this;
  }
}
