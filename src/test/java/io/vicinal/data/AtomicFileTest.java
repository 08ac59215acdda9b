package io.vicinal.data;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = folder.resolve("x.txt");
    Files.writeString(file, "old");
    refused(
        () ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(new byte[1 << 20]);
                  throw new IOException("No space left on device");
                }),
        "x.txt",
        "No space left on device",
        "untouched");
    assertThat(Files.readString(file)).isEqualTo("old");
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    folder.resolve("new.txt"),
                    out -> {
                      throw new IOException("No space left on device");
                    }))
        .hasMessageEndingWith("check the free space and permissions of its folder");
    try (var list = Files.list(folder)) {
      assertThat(list).containsExactly(file);
    }
  }

  @Test
  void replacesTheWholeFileEvenWhenInterrupted() throws IOException {
    Path file = folder.resolve("x.txt");
    Files.writeString(file, "something long that was there");
    Thread.currentThread().interrupt();
    AtomicFile.write(file, out -> out.write("new".getBytes(StandardCharsets.UTF_8)));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(Files.readString(file)).isEqualTo("new");
    try (var list = Files.list(folder)) {
      assertThat(list).containsExactly(file);
    }
  }

  @Test
  void foldersThatCannotTakeIt() {
    refused(() -> AtomicFile.write(folder, out -> out.write(1)), "folder");
    refused(() -> AtomicFile.write(folder.resolve("no/x"), out -> out.write(1)), "create");
    refused(() -> AtomicFile.write(Path.of("/proc/x"), out -> out.write(1)))
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .startsWith("/proc/x: cannot be written")
                    .doesNotContain(".tmp"));
  }

  @Test
  void textThatIsNoUnicodeIsNotReplacedByQuestionMarks() throws IOException {
    Path file = Files.writeString(folder.resolve("x.csv"), "old");
    refused(() -> AtomicFile.writeText(file, "a\ud800b"), "x.csv", "no Unicode");
    assertThat(file).hasContent("old");
    AtomicFile.writeText(file, "\ud83d\ude00");
    assertThat(file).hasContent("\ud83d\ude00");
  }
}
