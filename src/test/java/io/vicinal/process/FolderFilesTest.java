package io.vicinal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FolderFilesTest {
  @TempDir Path folder;

  @Test
  void foldersComeBeforeWhatTheyHold() throws Exception {
    Path file = Files.createFile(Files.createDirectories(folder.resolve("a/b")).resolve("c"));
    assertThat(FolderFiles.below(folder, 3))
        .containsExactly(folder.resolve("a"), folder.resolve("a/b"), file);
    assertThat(FolderFiles.below(folder, 1)).containsExactly(folder.resolve("a"));
    assertThat(FolderFiles.below(folder.resolve("none"), 3)).isEmpty();
  }

  /** Files.walk throws at the first entry that it cannot read; a loop is one for any user. */
  @Test
  void whatCannotBeReadIsLeftOut() throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path file = Files.createFile(real.resolve("z"));
    Files.createSymbolicLink(real.resolve("loop"), real);
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    assertThat(FolderFiles.below(real, 9, FileVisitOption.FOLLOW_LINKS)).containsExactly(file);
    assertThat(FolderFiles.below(link, 9, FileVisitOption.FOLLOW_LINKS))
        .containsExactly(link.resolve("z"));
    assertThat(FolderFiles.below(link, 9)).isEmpty();
  }
}
