package io.vicinal.cli;

import io.vicinal.Patience;
import io.vicinal.process.DefaultSignals;
import io.vicinal.process.FolderFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The command line as a process of its own, from this test's class path. */
final class CliProcess implements AutoCloseable {

  private final Process process;
  private final Path folder;
  private final Path out;
  private final Path err;

  private CliProcess(Process process, Path folder, Path out, Path err) {
    this.process = process;
    this.folder = folder;
    this.out = out;
    this.err = err;
  }

  /**
   * Runs to the end. The working directory, where a crash would leave its file, is {@code folder}.
   */
  static Outcome run(Path folder, Object... args) {
    try (CliProcess process = start(folder, List.of(), args)) {
      return process.await();
    }
  }

  static CliProcess start(Path folder, List<String> javaOptions, Object... args) {
    return startMain(folder, javaOptions, "io.vicinal.cli.Main", args);
  }

  static CliProcess startMain(Path folder, List<String> javaOptions, String main, Object... args) {
    List<String> command = java(folder, javaOptions, main, args);
    try {
      Files.createDirectories(folder);
      Path out = Files.createTempFile(folder, "out", ".txt");
      Path err = Files.createTempFile(folder, "err", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(DefaultSignals.of(command)).directory(folder.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("JAVA_TOOL_OPTIONS"));
      builder.redirectOutput(out.toFile()).redirectError(err.toFile());
      return new CliProcess(builder.start(), folder, out, err);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The command that starts Java as tests do. */
  static List<String> java(Path folder, List<String> javaOptions, String main, Object... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Collections.addAll(command, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx512m");
    if (Runtime.version().feature() >= 22) {
      command.add("--enable-native-access=ALL-UNNAMED");
    }
    command.add("-XX:ErrorFile=" + folder.resolve("hs_err_pid%p.log"));
    String cache = System.getProperty("org.bytedeco.javacpp.cachedir");
    if (cache != null) {
      command.add("-Dorg.bytedeco.javacpp.cachedir=" + cache);
    }
    command.addAll(javaOptions);
    Collections.addAll(command, "-cp", System.getProperty("java.class.path"), main);
    for (Object arg : args) {
      command.add(String.valueOf(arg));
    }
    return command;
  }

  Outcome await() {
    try {
      if (!process.waitFor(Patience.SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError(
            "still running after " + Patience.SECONDS + " s: " + process.info());
      }
      return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  boolean runs() {
    return process.isAlive();
  }

  /** SIGKILL: the process has no chance to clean up. */
  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Sends a signal by its name, such as INT, and waits for the end. */
  Outcome signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
    return await();
  }

  /** The crash reports that the JVM left. */
  static List<Path> crashReports(Path folder) {
    return FolderFiles.below(folder, Integer.MAX_VALUE).stream()
        .filter(f -> f.getFileName().toString().startsWith("hs_err"))
        .toList();
  }

  @Override
  public void close() {
    kill();
  }
}
