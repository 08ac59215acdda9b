package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine;

/** What a command printed and returned. */
record Outcome(int code, String out, String err) {

  /** Runs a command in this process: its {@link #words}. */
  static Outcome of(Object... args) {
    String first = String.valueOf(args[0]);
    String[] texts =
        Stream.of(words(first, Arrays.copyOfRange(args, 1, args.length)))
            .map(String::valueOf)
            .toArray(String[]::new);
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    int code = commandLine.execute(texts);
    return new Outcome(code, out.toString(), err.toString());
  }

  /** A command as it is typed, where a % stands for the next of the values; then the others. */
  static Object[] words(String line, Object... values) {
    List<Object> words = new ArrayList<>();
    int used = 0;
    for (String word : line.split(" ", -1)) {
      words.add(word.equals("%") ? values[used++] : word);
    }
    words.addAll(Arrays.asList(values).subList(used, values.length));
    return words.toArray();
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
