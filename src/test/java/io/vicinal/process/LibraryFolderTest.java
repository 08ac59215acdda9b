package io.vicinal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryFolderTest {
  @TempDir private Path folder;
  private Path home;
  private Path temporary;
  private Path mounts;

  @BeforeEach
  void surroundings() throws IOException {
    folder = folder.toRealPath();
    home = Files.createDirectory(folder.resolve("home"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
    mounts = Files.writeString(folder.resolve("mounts"), "/dev/a / ext4 rw,relatime 0 0\n");
  }

  private Path choose(String userHome, Map<String, String> environment) {
    return LibraryFolder.choose(
        new LibraryFolder.Surroundings(environment, userHome, temporary, mounts));
  }

  @Test
  void theUsersCacheThenTheHome() {
    Path cache = folder.resolve("cache");
    assertThat(choose(home.toString(), Map.of("XDG_CACHE_HOME", cache.toString())))
        .isEqualTo(cache.resolve("javacpp"));
    assertThat(choose(home.toString(), Map.of("XDG_CACHE_HOME", "relative")))
        .isEqualTo(home.resolve(".javacpp/cache"));
    assertThat(choose("?", Map.of("HOME", home.toString())))
        .isEqualTo(home.resolve(".javacpp/cache"));
  }

  @Test
  void aUserWithoutAHomeHasAFolderThatIsItsAlone() throws IOException {
    Path own = choose("?", Map.of());
    assertThat(own.getParent()).isEqualTo(temporary);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rwx------");
    assertThat(choose("?", Map.of())).isEqualTo(own); // again, and it is the same
    assertThat(Path.of("?")).doesNotExist();

    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(choose("?", Map.of())).isNotEqualTo(own);
    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwx------"));
    assertThat(choose("?", Map.of())).isEqualTo(own);
    if (Files.getAttribute(own, "unix:uid").equals(0)) { // only root can give it away
      Files.setAttribute(own, "unix:uid", 4321);
      assertThat(choose("?", Map.of())).isNotEqualTo(own);
    }
    Files.delete(own);
    Files.createSymbolicLink(own, home);
    assertThat(choose("?", Map.of())).isNotEqualTo(own);
  }

  /** A file stands where the folder would be, which stops root, too. */
  @Test
  void anUnwritableHomeIsPassedOver() throws IOException {
    Files.createFile(home.resolve(".javacpp"));
    assertThat(choose(home.toString(), Map.of()).getParent()).isEqualTo(temporary);
  }

  @Test
  void aFolderThatCannotBeMappedIsPassedOver() throws IOException {
    Files.writeString(
        mounts, "/dev/a / ext4 rw 0 0\n/dev/b " + home + " tmpfs rw,nosuid,noexec 0 0\n");
    assertThat(choose(home.toString(), Map.of()).getParent()).isEqualTo(temporary);
  }
}
