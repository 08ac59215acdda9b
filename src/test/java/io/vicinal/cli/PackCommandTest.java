package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.image.ImageDecoder;
import io.vicinal.data.image.ImageView;
import io.vicinal.data.image.PackedImages;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
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
    Outcome.of("pack % --out %", photos, out).succeeded();
    Path notes = Files.writeString(folder.resolve("notes.txt"), "mine");
    Outcome.of("pack % --out %", photos, notes).failed(2, "notes.txt: is there already and is no ");
    assertThat(notes).hasContent("mine");
    Outcome.of("pack % --out % --overwrite", notes, notes).failed(2, "is an input of this command");
    Path small = folder.resolve("b.pack");
    assertThat(
            Outcome.of("pack % --out % --pixels --shorter 8 --threads 1", photos, small)
                .succeeded()
                .out())
        .contains("3 pictures as pixels, shorter side at most 8, ");
    assertThat(
            Outcome.of("pack % --out % --shorter 8 --quality 90", photos, small).succeeded().out())
        .contains("3 pictures as files, shorter side at most 8, the larger ones written again as");
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
  void whatTheWalkCannotReadIsLeftOut() throws IOException {
    Path photos = photos();
    Path out = folder.resolve("a.pack");
    Files.createSymbolicLink(photos.resolve("birds/circle"), photos);
    Outcome.of("pack % --out %", photos, out)
        .failed(2, "birds/circle: is a link to a folder that it lies in", "--skip-bad");
    Outcome skipped = Outcome.of("pack % --out % --skip-bad", photos, out);
    assertThat(skipped.code()).isZero();
    assertThat(skipped.err()).startsWith("left out: ").contains("birds/circle: is a link");
    assertThat(skipped.out()).contains("3 pictures as files, 1 left out, ");
  }

  /** Pictures that are read ahead wait for memory. */
  @Test
  void manyLargePicturesFitOneByOne() throws IOException {
    Path photos = photos();
    BufferedImage large = new BufferedImage(2_000, 1_500, BufferedImage.TYPE_BYTE_BINARY);
    for (int i = 0; i < 12; i++) { // 9 MB each as pixels
      ImageIO.write(large, "png", photos.resolve("birds/large" + i + ".png").toFile());
    }
    Path out = folder.resolve("a.pack");
    Outcome packed =
        CliProcess.start(
                folder,
                List.of("-Xmx64m"),
                "pack",
                photos,
                "--out",
                out,
                "--pixels",
                "--threads",
                4)
            .await();
    assertThat(packed.err()).isEmpty();
    assertThat(packed.out()).contains("15 pictures as pixels, ");
  }

  /** A table's pictures in its order; rows of an array as pictures. */
  @Test
  void datasets() throws IOException {
    Path photos = photos();
    Path list = photos.resolve("list.csv");
    Files.writeString(list, "label,path\nb,birds/rgb.png\na,birds/420.jpg\n");
    Path out = folder.resolve("a.pack");
    assertThat(Outcome.of("pack % --out %", list, out).succeeded().out()).contains("2 pictures as");
    try (PackedImages packed = new PackedImages(out)) {
      assertThat(packed.name(0)).isEqualTo("birds/rgb.png");
    }
    ByteBuffer idx = ByteBuffer.allocate(16 + 2 * 6);
    idx.putInt(0x803).putInt(2).putInt(2).putInt(3);
    for (int i = 0; i < 12; i++) {
      idx.put((byte) (20 * i));
    }
    ByteBuffer labels = ByteBuffer.allocate(10).putInt(0x801).putInt(2).put(new byte[] {4, 7});
    Path mnist = Files.createDirectory(folder.resolve("mnist"));
    Files.write(mnist.resolve("t10k-images-idx3-ubyte"), idx.array());
    Files.write(mnist.resolve("t10k-labels-idx1-ubyte"), labels.array());
    Files.write(mnist.resolve("train-images-idx3-ubyte"), idx.array());
    Files.write(mnist.resolve("train-labels-idx1-ubyte"), labels.array());
    Path digits = folder.resolve("digits.pack");
    Outcome outcome = Outcome.of("pack % --out % --pixels", mnist, digits);
    assertThat(outcome.out()).contains("4 pictures as pixels");
    try (PackedImages packed = new PackedImages(digits);
        ImageDecoder decoder = new ImageDecoder()) {
      byte[] rgb = packed.read(1, decoder, d -> d.pixels(ImageView.whole(3, 2)));
      for (int i = 0; i < 18; i++) {
        assertThat(rgb[i]).isEqualTo((byte) (20 * (6 + i / 3)));
      }
    }
  }

  @Test
  void argumentsThatMakeNoSense() throws IOException {
    Path photos = photos();
    Outcome.of("pack").failed(2, "FOLDER, --intact");
    Outcome.of("pack % --intact x", photos).failed(2, "FOLDER, --intact");
    Outcome.of("pack %", photos).failed(2, "--out");
    Outcome.of("pack % --out x --shorter 9", photos).failed(2, "only where pixels are packed");
    Outcome.of("pack % --out x --quality 9", photos).failed(2, "quality: is 9");
    Outcome.of("pack % --out x --threads -1", photos).failed(2, "--threads");
    Outcome.of("pack % --out x", folder.resolve("none")).failed(2, "none: does not exist");
    Outcome.of("pack --intact %", photos).failed(2, "is a folder");
  }

  @Test
  void aPictureLargerThanJavasMemoryIsNamed() throws IOException {
    Path photos = photos();
    BufferedImage large = new BufferedImage(6_000, 6_000, BufferedImage.TYPE_BYTE_BINARY);
    ImageIO.write(large, "png", photos.resolve("birds/large.png").toFile()); // 108 MB as RGB
    Path out = folder.resolve("a.pack");
    Outcome skipped =
        CliProcess.start(
                folder,
                List.of("-Xmx64m"),
                "pack",
                photos,
                "--out",
                out,
                "--skip-bad",
                "--threads",
                1)
            .await();
    assertThat(skipped.err()).contains("large.png: its pixels take more memory than Java has");
    assertThat(skipped.out()).contains("3 pictures as files, 1 left out, ");
  }
}
