package io.vicinal.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.process.DefaultSignals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A process that ends in the middle of writing leaves nothing, or what the next call removes. */
class LeftoversTest {
  @TempDir private Path temporary;

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void end() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT", "HUP"})
  void aSignalLeavesNothing(String signal) throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("out"));
    Path file = Files.writeString(folder.resolve("E.npy"), "old");
    Process writer = held(folder);
    assertThat(names(folder)).as("in the middle").hasSize(3);
    end(writer, signal);
    assertThat(names(folder)).containsExactly("E.npy");
    assertThat(file).hasContent("old");
  }

  @Test
  void whatAKilledOneLeftIsRemovedByTheNextCallAndALivingOneIsLeftAlone() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("out"));
    Process killed = held(folder);
    List<String> left = names(folder);
    assertThat(left).hasSize(2);
    Scratch.sweep(folder);
    assertThat(names(folder)).as("its owner lives").isEqualTo(left);
    end(killed, "KILL");
    assertThat(names(folder)).isEqualTo(left);

    Process living = held(folder);
    List<String> own = names(folder);
    assertThat(own).as("swept by its first call").hasSize(2).doesNotContainAnyElementsOf(left);
    AtomicFile.writeText(folder.resolve("E.npy"), "new");
    assertThat(names(folder)).containsAll(own).hasSize(3);
    end(living, "TERM");
    assertThat(names(folder)).containsExactly("E.npy");
  }

  /** Another thread's file is not opened to see whether it is free: that would free it. */
  @Test
  void aSweepOfTheSameProcessLeavesTheLock() throws Exception {
    try (Scratch work = Scratch.folder(temporary);
        Scratch file = Scratch.file(temporary)) {
      Scratch.sweep(temporary);
      Process other = start("io.vicinal.data.LeftoversTest$Sweeper", temporary.toString());
      assertThat(other.waitFor()).isZero();
      assertThat(work.path().resolve("lock")).exists();
      assertThat(file.path()).exists();
    }
    assertThat(names(temporary)).isEmpty();
  }

  /** Sweeps a folder from another process. */
  static final class Sweeper {
    private Sweeper() {}

    public static void main(String[] args) {
      Scratch.sweep(Path.of(args[0]));
    }
  }

  private Process held(Path folder) throws Exception {
    Path sign = temporary.resolve("sign" + System.nanoTime());
    Process writer = start("io.vicinal.data.HeldWriter", folder.toString(), sign.toString());
    while (writer.isAlive() && !Files.exists(sign)) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    assertThat(writer.isAlive()).isTrue();
    return writer;
  }

  private Process start(String main, String... args) throws IOException {
    List<String> command =
        Stream.concat(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    main),
                Stream.of(args))
            .toList();
    Process process =
        new ProcessBuilder(DefaultSignals.of(command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    started.add(process);
    return process;
  }

  private static void end(Process process, String signal) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    process.waitFor();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return new ArrayList<>(files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }
}
