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
  private static final PackedForm PIXELS = new PackedForm(true, 0, 0);

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

  private ImagePacker pack(PackedForm form, boolean skipBad) {
    ImagePacker packer = new ImagePacker(ImageFiles.below(photos, skipBad), out, form, skipBad);
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
      pack(new PackedForm(pixels, 0, 0), false);
      ImageFiles files = ImageFiles.below(photos);
      try (PackedImages packed = new PackedImages(out)) {
        assertThat(packed.form().pixels()).isEqualTo(pixels);
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
    pack(new PackedForm(true, 10, 0), false);
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

  /** Larger ones are written again, close to what they were; the others are the files they were. */
  @Test
  void jpegCanBeSmall() throws IOException {
    pack(new PackedForm(false, 34, 90), false); // 420.jpg is 45 x 35
    ImageFiles files = ImageFiles.below(photos);
    PackedForm both = new PackedForm(true, 34, 0);
    Path exact = folder.resolve("exact.pack");
    new ImagePacker(files, exact, both, false).run(1, done -> {});
    int again = 0;
    try (PackedImages packed = new PackedImages(out);
        PackedImages pixels = new PackedImages(exact);
        ImageDecoder decoder = new ImageDecoder()) {
      assertThat(packed.form()).isEqualTo(new PackedForm(false, 34, 90));
      for (int i = 0; i < packed.size(); i++) {
        byte[] file = packed.read(i, decoder, ImageDecoder::file);
        if (Arrays.equals(file, Files.readAllBytes(files.path(i)))) {
          continue;
        }
        again++;
        ImageHeader header = packed.read(i, decoder, ImageDecoder::header);
        assertThat(header.format()).isEqualTo(ImageHeader.Format.JPEG);
        assertThat(header.orientation()).isEqualTo(1);
        byte[] close = whole(packed, i);
        byte[] right = whole(pixels, i);
        assertThat(close).hasSameSizeAs(right);
        double difference = 0;
        for (int k = 0; k < right.length; k++) {
          difference += Math.abs((close[k] & 255) - (right[k] & 255));
        }
        assertThat(difference / right.length).as(packed.name(i)).isLessThan(12);
      }
      packed.compareAll();
    }
    assertThat(again).isBetween(1, 5);
    assertThatThrownBy(() -> new PackedForm(false, 0, 90)).hasMessageContaining("made smaller");
    assertThatThrownBy(() -> new PackedForm(true, 9, 90)).hasMessageContaining("quality: is 90");
    assertThatThrownBy(() -> new PackedForm(false, 9, 101)).hasMessageContaining("1 to 100");
  }

  /** What the walk left out is counted like what could not be decoded, and stays so. */
  @Test
  void whatTheWalkLeavesOutIsCounted() throws IOException {
    Files.createSymbolicLink(photos.resolve("circle"), photos);
    Files.createSymbolicLink(photos.resolve("nowhere.jpg"), folder.resolve("none.jpg"));
    Files.write(photos.resolve("zero.jpg"), new byte[0]);
    assertThatThrownBy(() -> pack(PackedForm.FILES, false))
        .isInstanceOf(InputException.class)
        .hasMessage(
            photos
                + "/circle: is a link to a folder that it lies in (and 1 more like it); repair the"
                + " dataset, or leave all of them out with --skip-bad");
    for (int k = 0; k < 2; k++) {
      assertThat(pack(PackedForm.FILES, true).bad()).hasSize(3);
      try (PackedImages packed = new PackedImages(out)) {
        assertThat(packed.size()).isEqualTo(5);
        assertThat(packed.countLeftOut()).isEqualTo(3);
      }
    }
  }

  /** Cut anywhere, as a kill leaves it, the next attempt makes the very same file. */
  @Test
  void anUnfinishedFileIsGoneOnWith() throws IOException {
    pack(PackedForm.FILES, false);
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
      ImagePacker packer = pack(PackedForm.FILES, false);
      assertThat(Files.readAllBytes(out)).isEqualTo(finished);
      assertThat(packer.resumed()).isLessThanOrEqualTo(5);
    }
    Files.write(part, Arrays.copyOf(finished, finished.length - 40));
    assertThat(pack(PackedForm.FILES, false).resumed()).isEqualTo(5);
    // Something else is left.
    Files.write(part, Arrays.copyOf(finished, 500));
    assertThatThrownBy(() -> pack(PIXELS, false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("all.pack.part: is left from packing something else");
    Files.write(photos.resolve("rgb.png"), Files.readAllBytes(Pillow.FOLDER.resolve("rgba.png")));
    assertThatThrownBy(() -> pack(PackedForm.FILES, false))
        .hasMessageContaining("or the pictures have changed since; remove it");
  }

  @Test
  void picturesThatCannotBeReadAreNamed() throws IOException {
    Files.write(photos.resolve("aaa.jpg"), new byte[7]);
    byte[] half = Files.readAllBytes(Pillow.FOLDER.resolve("444.jpg"));
    Files.write(photos.resolve("half.jpg"), Arrays.copyOf(half, half.length / 2));
    assertThatThrownBy(() -> pack(PackedForm.FILES, false))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("aaa.jpg: is no JPEG, PNG or WebP picture");
    assertThat(out).doesNotExist();
    ImagePacker packer = pack(PackedForm.FILES, true);
    assertThat(packer.bad()).hasSize(2);
    assertThat(packer.bad().get(1)).contains("half.jpg").contains("ends too early");
    try (PackedImages packed = new PackedImages(out)) {
      assertThat(packed.size()).isEqualTo(5);
      assertThat(packed.countLeftOut()).isEqualTo(2);
    }
  }

  @Test
  void damageIsASentence() throws IOException {
    pack(PackedForm.FILES, false);
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

  /** A decoder that is in the middle of a picture has it whole. */
  @Test
  void aFileThatIsCutDuringALookHarmsNobody() throws IOException {
    pack(PIXELS, false);
    try (PackedImages packed = new PackedImages(out);
        ImageDecoder decoder = new ImageDecoder()) {
      byte[] right = whole(packed, 0);
      byte[] pixels =
          packed.read(
              0,
              decoder,
              one -> {
                cut();
                return one.pixels(
                    ImageView.whole(one.header().uprightWidth(), one.header().uprightHeight()));
              });
      assertThat(pixels).isEqualTo(right);
    }
  }

  private void cut() {
    try {
      Files.write(out, new byte[0]);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void anInterruptedReaderReads() {
    pack(PackedForm.FILES, false);
    try (PackedImages packed = new PackedImages(out)) {
      Thread.currentThread().interrupt();
      byte[] first = whole(packed, 0);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(whole(packed, 0)).isEqualTo(first);
    }
  }

  @Test
  void aFileThatIsCutWhileItIsOpenIsASentence() throws IOException {
    pack(PackedForm.FILES, false);
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
