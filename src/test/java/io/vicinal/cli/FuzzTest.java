package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ten thousand mutated files through the commands, in one JVM that must survive them. */
class FuzzTest {
  private static final int RUNS = 10_000;
  private static final long SEED = 20261122;

  @TempDir private Path work;

  @Test
  void mutatedFilesAreRefusedInOneLine() throws Exception {
    Path memory = Path.of("/dev/shm"); // results are flushed to the disk: a thousand times a second
    Path files =
        Files.isWritable(memory)
            ? Files.createDirectory(memory.resolve("vicinal-" + UUID.randomUUID()))
            : Files.createDirectory(work.resolve("files"));
    try (CliProcess fuzz =
        CliProcess.startMain(
            work,
            List.of("-XX:TieredStopAtLevel=4"),
            FuzzMain.class.getName(),
            files,
            SEED,
            RUNS)) {
      Outcome outcome = fuzz.await();
      assertThat(outcome.out()).startsWith(RUNS + " ");
      assertThat(outcome.code()).as(outcome.err()).isZero();
      String[] counts = outcome.out().strip().split(" ");
      assertThat(Integer.parseInt(counts[1])).as("some mutations do no harm").isGreaterThan(200);
      assertThat(Long.parseLong(counts[3]))
          .as("a minute of processor time, however busy the machine is")
          .isLessThan(60_000);
      assertThat(Integer.parseInt(counts[2])).as("most are refused").isGreaterThan(RUNS / 2);
    } finally {
      delete(files);
    }
    assertThat(CliProcess.crashReports(work)).isEmpty();
  }

  private static void delete(Path folder) throws Exception {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
