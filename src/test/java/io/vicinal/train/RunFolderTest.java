package io.vicinal.train;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {

  @TempDir Path temporary;

  private Path oldRun() throws IOException {
    Path run = Files.createDirectories(temporary.resolve("run"));
    Files.createDirectory(run.resolve("checkpoint"));
    for (String name : List.of("config.json", "head.safetensors", "checkpoint/checkpoint.json")) {
      Files.writeString(run.resolve(name), "precious " + name);
    }
    return run;
  }

  @Test
  void aNewRunRefusesAFolderThatHoldsOne() throws IOException {
    Path run = oldRun();
    refused(() -> RunFolder.open(run, RunMode.NEW), "already holds a run; resume it, start over")
        .message()
        .hasLineCount(1);
    assertThat(run.resolve("head.safetensors")).hasContent("precious head.safetensors");
    RunFolder.open(run, RunMode.RESUME).close();
    assertThat(run.resolve("config.json")).hasContent("precious config.json");
  }

  @Test
  void startingOverMovesTheOldRunAside() throws IOException {
    Path run = oldRun();
    RunFolder.open(run, RunMode.RESTART).close();
    assertThat(run.resolve("config.json")).doesNotExist();
    Path old = run.resolve("previous-1");
    assertThat(old.resolve("head.safetensors")).hasContent("precious head.safetensors");
    assertThat(old.resolve("checkpoint/checkpoint.json"))
        .hasContent("precious checkpoint/checkpoint.json");
    Files.writeString(run.resolve("config.json"), "second");
    RunFolder.open(run, RunMode.RESTART).close();
    assertThat(run.resolve("previous-2/config.json")).hasContent("second");
    assertThat(old.resolve("config.json")).hasContent("precious config.json");
  }

  @Test
  void otherFilesInTheFolderDoNotMatter() throws IOException {
    Files.writeString(temporary.resolve("notes.txt"), "mine");
    RunFolder.open(temporary, RunMode.NEW).close();
    RunFolder.open(temporary, RunMode.NEW).close(); // refused before it began: still new
    assertThat(temporary.resolve("notes.txt")).hasContent("mine");
  }

  @Test
  void oneFolderTakesOneRunAtATime() {
    try (RunFolder first = RunFolder.open(temporary, RunMode.NEW)) {
      refused(
              () -> RunFolder.open(temporary, RunMode.RESUME),
              "another process is training here; wait for it")
          .message()
          .hasLineCount(1);
      assertThat(first.path()).isEqualTo(temporary);
    }
    RunFolder.open(temporary, RunMode.NEW).close();
  }

  @Test
  void foldersThatCannotBeUsedAreNamed() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "x");
    refused(() -> RunFolder.open(file, RunMode.NEW), "file: is a file; name a folder");
    refused(() -> RunFolder.open(file.resolve("below"), RunMode.NEW), "cannot be written");
    // Root may write anywhere but here.
    refused(() -> RunFolder.open(Path.of("/proc/self/run"), RunMode.NEW), "cannot be written")
        .message()
        .hasLineCount(1);
  }

  @Test
  void leftoversOfACrashAreRemoved() throws IOException {
    Path run = oldRun();
    Path half = Files.writeString(run.resolve(".vicinal-tmp-1"), "half");
    Path other = Files.writeString(run.resolve("checkpoint/.vicinal-tmp-2"), "half");
    Path mine = Files.writeString(run.resolve(".notes.tmp"), "mine");
    RunFolder.open(run, RunMode.RESUME).close();
    assertThat(half).doesNotExist();
    assertThat(other).doesNotExist();
    assertThat(mine).as("another program's").hasContent("mine");
    assertThat(run.resolve(".lock")).as("free again").doesNotExist();
  }

  @Test
  void metricsBeyondTheCheckpointAreCut() throws IOException {
    Path file = temporary.resolve("metrics.jsonl");
    MetricsLog log = MetricsLog.open(file, 0);
    log.append("{\"epoch\":1}");
    long kept = log.bytes();
    log.append("{\"epoch\":2}");
    MetricsLog again = MetricsLog.open(file, kept);
    again.append("{\"epoch\":3}");
    assertThat(file).hasContent("{\"epoch\":1}\n{\"epoch\":3}\n");
    refused(
        () -> MetricsLog.open(file, 1000), "is shorter (24 bytes) than its checkpoint says (1000)");
    assertThat(file).hasContent("{\"epoch\":1}\n{\"epoch\":3}\n");
  }
}
