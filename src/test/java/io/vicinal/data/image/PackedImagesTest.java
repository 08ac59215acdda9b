package io.vicinal.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packed files: the same pictures, unfinished ones, damaged ones. */
class PackedImagesTest {
  @TempDir private Path folder;
  private Path photos;
  private Path out;

  @BeforeEach
  void copy() throws IOException {
    photos = Files.createDirectory(folder.resolve("photos é"));
    out = folder.resolve("all.pack");
    for (String name :
        List.of("420.jpg", "cmyk.jpg", "rgb.png", "orientation6.jpg", "palette.png")) {
      Files.copy(Pillow.FOLDER.resolve(name), photos.resolve(name));
    }
  }

  private ImagePacker pack(boolean pixels, int shorter, boolean skipBad) {
    ImagePacker packer = new ImagePacker(ImageFiles.below(photos), out, pixels, shorter, skipBad);
    packer.run(2, done -> {});
    return packer;
  }

  private static byte[] whole(ImageSource source, int sample) {
    try (ImageDecoder decoder = new ImageDecoder()) {
      return source.read(
          sample,
          decoder,
          d -> d.pixels(ImageView.whole(d.header().uprightWidth(), d.header().uprightHeight())));
    }
  }

  @Test
  void bothKindsHaveTheFoldersPictures() {
    for (boolean pixels : new boolean[] {false, true}) {
      pack(pixels, 0, false);
      ImageFiles files = ImageFiles.below(photos);
      try (PackedImages packed = new PackedImages(out)) {
        assertThat(packed.pixels()).isEqualTo(pixels);
        assertThat(packed.size()).isEqualTo(5);
        for (int i = 0; i < 5; i++) {
          assertThat(packed.name(i)).isEqualTo(files.name(i));
          assertThat(whole(packed, i)).isEqualTo(whole(files, i));
        }
        packed.compareAll();
      }
      assertThat(folder.resolve("all.pack.part")).doesNotExist();
      assertThat(folder.resolve("all.pack.part.lock")).doesNotExist();
    }
  }

  @Test
  void pixelsCanBeSmall() throws IOException {
    pack(true, 10, false);
    try (PackedImages packed = new PackedImages(out);
        ImageDecoder decoder = new ImageDecoder()) {
      ImageHeader header = packed.read(0, decoder, ImageDecoder::header);
      assertThat(header).isEqualTo(new ImageHeader(ImageHeader.Format.RAW, 12, 10, 1));
      ImageFiles files = ImageFiles.below(photos);
      byte[] resized =
          files.read(
              0,
              decoder,
              d ->
                  d.pixels(
                      ImageView.resized(
                          new ImageView.Box(0, 0, 45, 35),
                          12,
                          10,
                          new ImageView.Box(0, 0, 12, 10))));
      assertThat(whole(packed, 0)).isEqualTo(resized);
    }
    assertThat(Files.size(out)).isLessThan(5000);
  }

  /** Cut anywhere, as a kill leaves it, the next attempt makes the very same file. */
  @Test
  void anUnfinishedFileIsGoneOnWith() throws IOException {
    pack(false, 0, false);
    byte[] finished = Files.readAllBytes(out);
    Files.delete(out);
    Path part = folder.resolve("all.pack.part");
    Random random = new Random(2);
    for (int k = 0; k < 40; k++) {
      int cut = k < 3 ? 62 + k : random.nextInt(finished.length);
      byte[] left = Arrays.copyOf(finished, cut);
      if (k % 4 == 3 && cut > 80) { // a page that never reached the disk
        int at = PackFormat.HEAD + random.nextInt(cut - PackFormat.HEAD);
        left[at] ^= (byte) (left[at] == 0 ? 0 : 4); // what stands between records is zero
      }
      Files.write(part, left);
      ImagePacker packer = pack(false, 0, false);
      assertThat(Files.readAllBytes(out)).isEqualTo(finished);
      assertThat(packer.resumed()).isLessThanOrEqualTo(5);
    }
    Files.write(part, Arrays.copyOf(finished, finished.length - 40));
    assertThat(pack(false, 0, false).resumed()).isEqualTo(5);
    // Something else is left.
    Files.write(part, Arrays.copyOf(finished, 500));
    assertThatThrownBy(() -> pack(true, 0, false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("all.pack.part: is left from packing something else");
    Files.write(photos.resolve("rgb.png"), Files.readAllBytes(Pillow.FOLDER.resolve("rgba.png")));
    assertThatThrownBy(() -> pack(false, 0, false))
        .hasMessageContaining("or the pictures have changed since; remove it");
  }

  @Test
  void picturesThatCannotBeReadAreNamed() throws IOException {
    Files.write(photos.resolve("aaa.jpg"), new byte[7]);
    byte[] half = Files.readAllBytes(Pillow.FOLDER.resolve("444.jpg"));
    Files.write(photos.resolve("half.jpg"), Arrays.copyOf(half, half.length / 2));
    assertThatThrownBy(() -> pack(false, 0, false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("aaa.jpg: is no JPEG, PNG or WebP picture");
    assertThat(out).doesNotExist();
    ImagePacker packer = pack(false, 0, true);
    assertThat(packer.bad()).hasSize(2);
    assertThat(packer.bad().get(1)).contains("half.jpg").contains("ends too early");
    try (PackedImages packed = new PackedImages(out)) {
      assertThat(packed.size()).isEqualTo(5);
      assertThat(packed.leftOut()).isEqualTo(2);
    }
  }

  @Test
  void damageIsASentence() throws IOException {
    pack(false, 0, false);
    byte[] file = Files.readAllBytes(out);
    Path other = folder.resolve("other.pack");
    Random random = new Random(8);
    int told = 0;
    for (int k = 0; k < 300; k++) {
      byte[] changed = k < 100 ? Arrays.copyOf(file, random.nextInt(file.length)) : file.clone();
      if (k >= 100) {
        changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(other, changed);
      try (PackedImages packed = new PackedImages(other)) {
        packed.compareAll();
      } catch (InputException e) {
        assertThat(e.getMessage()).startsWith(other + ": ").doesNotContain("\n");
        told++;
      }
    }
    // What is not looked at: the head's digest and zeros, names and checksums in front of pictures.
    assertThat(told).isGreaterThan(260);
    Files.write(other, Files.readAllBytes(Pillow.FOLDER.resolve("rgb.png")));
    assertThatThrownBy(() -> new PackedImages(other)).hasMessageContaining("is no packed file");
    PackedImages closed = new PackedImages(out);
    closed.close();
    closed.close();
    assertThatThrownBy(() -> whole(closed, 0)).isInstanceOf(IllegalStateException.class);
  }

  /** Memory of a mapped file ends with the file: what lies behind it must not be touched. */
  @Test
  void aFileThatIsCutWhileItIsOpenIsASentence() throws IOException {
    pack(false, 0, false);
    try (PackedImages packed = new PackedImages(out)) {
      byte[] first = whole(packed, 0);
      Path other = folder.resolve("other.pack");
      Files.copy(out, other);
      Files.move(other, out, StandardCopyOption.REPLACE_EXISTING); // the old one stays open
      assertThat(whole(packed, 0)).isEqualTo(first);
    }
    try (PackedImages packed = new PackedImages(out)) {
      whole(packed, 0);
      Files.write(out, new byte[0]);
      for (int i = 0; i < packed.size(); i++) {
        int sample = i;
        assertThatThrownBy(() -> whole(packed, sample))
            .isInstanceOf(InputException.class)
            .hasMessage(
                out + ": was cut or written over since it was opened; run 'vicinal pack' again");
      }
    }
  }
}
