package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackCommandTest {
  @TempDir private Path folder;

  private Path photos() throws IOException {
    Path photos = Files.createDirectories(folder.resolve("photos/birds"));
    for (String name : List.of("420.jpg", "rgb.png", "grey.jpg")) {
      Files.copy(Path.of("src/test/resources/images").resolve(name), photos.resolve(name));
    }
    return photos.getParent();
  }

  @Test
  void packsAndChecks() throws IOException {
    Path photos = photos();
    Path out = folder.resolve("a.pack");
    assertThat(Outcome.of("pack % --out %", photos, out).succeeded().out())
        .matches("3 pictures as files, .*: .*a\\.pack\\R");
    assertThat(Outcome.of("pack --intact %", out).succeeded().out())
        .contains("3 pictures as files; every checksum is right");
    Outcome.of("pack % --out %", photos, out).failed(2, "a.pack: is there already");
    Path small = folder.resolve("b.pack");
    assertThat(
            Outcome.of("pack % --out % --pixels --shorter 8 --threads 1", photos, small)
                .succeeded()
                .out())
        .contains("3 pictures as pixels, shorter side at most 8, ");
    byte[] bytes = Files.readAllBytes(out);
    bytes[400] ^= 1;
    Files.write(out, bytes);
    Outcome.of("pack --intact %", out).failed(2, "'birds/420.jpg' is not what was written");
  }

  @Test
  void picturesThatCannotBeRead() throws IOException {
    Path photos = photos();
    Path out = folder.resolve("a.pack");
    Files.write(photos.resolve("birds/broken.jpg"), new byte[0]);
    Outcome.of("pack % --out %", photos, out).failed(2, "birds/broken.jpg: is empty");
    Outcome skipped = Outcome.of("pack % --out % --skip-bad", photos, out);
    assertThat(skipped.code()).isZero();
    assertThat(skipped.err()).startsWith("left out: ").contains("broken.jpg: is empty");
    assertThat(skipped.out())
        .contains("3 pictures as files, 1 left out, ", "1 picture was there from an earlier");
    assertThat(Outcome.of("pack --intact %", out).succeeded().out()).contains("1 left out");
  }

  @Test
  void argumentsThatMakeNoSense() throws IOException {
    Path photos = photos();
    Outcome.of("pack").failed(2, "FOLDER, --intact");
    Outcome.of("pack % --intact x", photos).failed(2, "FOLDER, --intact");
    Outcome.of("pack %", photos).failed(2, "--out");
    Outcome.of("pack % --out x --shorter 9", photos).failed(2, "only where pixels are packed");
    Outcome.of("pack % --out x --threads -1", photos).failed(2, "--threads");
    Outcome.of("pack % --out x", folder.resolve("none")).failed(2, "none: does not exist");
    Outcome.of("pack --intact %", photos).failed(2, "is a folder");
  }
}
