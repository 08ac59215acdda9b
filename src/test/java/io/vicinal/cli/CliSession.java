package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import io.vicinal.Patience;
import io.vicinal.process.DefaultSignals;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Commands one after another in one process of their own, whose working directory is theirs: what
 * many commands need of {@link CliProcess} without as many starts of Java. What bypasses Java's
 * standard streams, and a crash, fail the session.
 */
final class CliSession implements AutoCloseable {
  private static final Gson GSON = new Gson();

  private final Path folder;
  private final Path err;
  private final Process process;
  private final Writer commands;
  private final BufferedReader answers;

  private CliSession(Path folder, Path more) throws IOException {
    this.folder = Files.createDirectories(folder);
    err = Files.createTempFile("session", ".txt");
    List<String> command =
        CliProcess.java(folder, List.of(), CliSession.class.getName(), new Object[0]);
    if (more != null) {
      int at = command.indexOf("-cp") + 1;
      command.set(at, command.get(at) + File.pathSeparator + more);
    }
    process =
        new ProcessBuilder(DefaultSignals.of(command))
            .directory(folder.toFile())
            .redirectError(err.toFile())
            .start();
    commands = process.outputWriter(StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  static CliSession in(Path folder) {
    return in(folder, null);
  }

  /** With one more entry of the class path. */
  static CliSession in(Path folder, Path more) {
    try {
      return new CliSession(folder, more);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Outcome run(Object... args) {
    try {
      commands.write(GSON.toJson(Stream.of(args).map(String::valueOf).toList()) + "\n");
      commands.flush();
      String answer = answers.readLine();
      assertThat(answer).as("%s: %s", List.of(args), Files.readString(err)).isNotNull();
      return GSON.fromJson(answer, Outcome.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      commands.close();
      assertThat(process.waitFor(Patience.SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(err).isEmptyFile();
      assertThat(CliProcess.crashReports(folder)).isEmpty();
      Files.delete(err);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Answers every line, a JSON array of arguments, with an {@link Outcome} as JSON. */
  public static void main(String[] none) throws IOException {
    Locale.setDefault(Locale.ROOT);
    PrintStream answers = System.out;
    var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = commands.readLine()) != null; ) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      int code = Main.run(GSON.fromJson(line, String[].class), out);
      answers.println(
          GSON.toJson(
              new Outcome(
                  code,
                  out.toString(StandardCharsets.UTF_8),
                  err.toString(StandardCharsets.UTF_8))));
      answers.flush();
    }
  }
}
