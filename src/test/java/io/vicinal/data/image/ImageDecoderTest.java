package io.vicinal.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import io.vicinal.data.image.ImageView.Box;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Decoding: what Pillow makes of the same files, parts of a picture, and files that are broken. */
class ImageDecoderTest {
  private final ImageDecoder decoder = new ImageDecoder();

  @AfterEach
  void close() {
    decoder.close();
  }

  private byte[] whole(byte[] file) {
    decoder.set(file, file.length);
    ImageHeader header = decoder.header();
    return decoder.pixels(ImageView.whole(header.uprightWidth(), header.uprightHeight()));
  }

  private static byte[] file(String name) {
    try {
      return Files.readAllBytes(Pillow.FOLDER.resolve(name));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<String> files() {
    return Pillow.EXPECTED.keySet().stream()
        .filter(name -> name.matches("[^ ]+\\.[a-z]+"))
        .toList();
  }

  @TestFactory
  Stream<DynamicTest> everyFormatIsWhatPillowMakesOfIt() {
    assertThat(files()).hasSizeGreaterThan(25);
    return files().stream()
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () -> {
                      Pillow.Picture expected = Pillow.EXPECTED.get(name);
                      try (ImageDecoder own = new ImageDecoder()) {
                        byte[] file = file(name);
                        own.set(file, file.length);
                        ImageHeader header = own.header();
                        assertThat(header.uprightWidth()).isEqualTo(expected.width());
                        assertThat(header.uprightHeight()).isEqualTo(expected.height());
                        byte[] rgb =
                            own.pixels(ImageView.whole(expected.width(), expected.height()));
                        assertThat(expected.difference(rgb)).isLessThanOrEqualTo(1);
                      }
                    }));
  }

  /** Any part of a picture has the bytes of the whole: smooth upsampling looks beyond its edges. */
  @Test
  void aPartHasTheBytesOfTheWhole() throws IOException {
    Random random = new Random(5);
    List<byte[]> files = new ArrayList<>();
    for (String name : files()) {
      files.add(file(name));
    }
    for (boolean progressive : new boolean[] {false, true}) {
      files.add(written(noise(203, 149, random), "jpeg", progressive));
      files.add(written(noise(203, 149, random), "png", progressive));
    }
    for (byte[] file : files) {
      decoder.set(file, file.length);
      ImageHeader header = decoder.header();
      int w = header.uprightWidth();
      int h = header.uprightHeight();
      Pillow.Picture all = new Pillow.Picture(w, h, decoder.pixels(ImageView.whole(w, h)));
      for (int k = 0; k < 25; k++) {
        int left = random.nextInt(w);
        int top = random.nextInt(h);
        int width = 1 + random.nextInt(w - left);
        int height = 1 + random.nextInt(h - top);
        Box part = new Box(left, top, width, height);
        byte[] rgb =
            decoder.pixels(ImageView.resized(part, width, height, new Box(0, 0, width, height)));
        for (int y = 0; y < height; y++) {
          for (int i = 0; i < 3 * width; i++) {
            int expected = all.at(left + i / 3, top + y, i % 3);
            if ((rgb[3 * width * y + i] & 255) != expected) {
              throw new AssertionError(header + " " + part + " at " + i / 3 + ", " + y);
            }
          }
        }
      }
    }
  }

  @Test
  void anInterlacedPictureIsTheSame() throws IOException {
    BufferedImage picture = noise(37, 23, new Random(3));
    assertThat(whole(written(picture, "png", true)))
        .isEqualTo(whole(written(picture, "png", false)));
  }

  private static BufferedImage noise(int w, int h, Random random) {
    BufferedImage picture = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        int wave = (int) (100 + 80 * Math.sin(x * 0.3 + y * 0.1));
        picture.setRGB(x, y, wave << 16 | (255 - wave) << 8 | random.nextInt(256));
      }
    }
    return picture;
  }

  /** As ImageIO writes it: JPEG with halved chroma, progressive or interlaced if asked for. */
  private static byte[] written(BufferedImage picture, String format, boolean progressive)
      throws IOException {
    ImageWriter writer =
        ImageIO.getImageWriters(ImageTypeSpecifier.createFromRenderedImage(picture), format).next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    if (progressive) {
      param.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, null), param);
    }
    writer.dispose();
    return bytes.toByteArray();
  }

  /** Every file cut at many places, and with bytes changed: a sentence or a picture, never more. */
  @Test
  void brokenFilesAreASentence() {
    Random random = new Random(11);
    int refused = 0;
    int tried = 0;
    for (String name : files()) {
      byte[] file = file(name);
      for (int cut = 0; cut < file.length; cut += 1 + file.length / 60) {
        byte[] shorter = java.util.Arrays.copyOf(file, cut);
        refused += refuses(shorter) ? 1 : 0;
        tried++;
      }
      for (int k = 0; k < 60; k++) {
        byte[] changed = file.clone();
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
          changed[random.nextInt(file.length)] = (byte) random.nextInt(256);
        }
        refuses(changed);
        tried++;
      }
    }
    assertThat(tried).isGreaterThan(2000);
    assertThat(refused).isGreaterThan(tried / 3); // those that were cut
  }

  private boolean refuses(byte[] file) {
    try {
      decoder.set(file, file.length);
      ImageHeader header = decoder.header();
      if ((long) header.width() * header.height() > 1 << 22) {
        return true; // 12 MB of Java memory say nothing about the decoder
      }
      whole(file);
      return false;
    } catch (InputException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n").hasSizeLessThan(300);
      return true;
    }
  }

  @Test
  void aFileThatEndsTooEarlyIsRefusedHoweverFarItGot() {
    for (String name :
        List.of("420.jpg", "progressive.jpg", "rgb.png", "rgba.png", "lossless.webp")) {
      byte[] file = file(name);
      for (int cut : new int[] {1, 3, 20, file.length / 3, file.length * 2 / 3}) {
        assertThat(refuses(java.util.Arrays.copyOf(file, cut))).as(name + " " + cut).isTrue();
      }
    }
  }

  @Test
  void aBombIsRefusedBeforeItIsDecoded() {
    ByteBuffer png = ByteBuffer.wrap(file("rgb.png").clone());
    png.putInt(16, 60000).putInt(20, 60000);
    decoder.set(png.array(), png.capacity());
    assertThat(decoder.header().width()).isEqualTo(60000);
    assertThatThrownBy(
            () ->
                decoder.pixels(
                    ImageView.resized(new Box(0, 0, 60000, 60000), 8, 8, new Box(0, 0, 8, 8))))
        .isInstanceOf(InputException.class)
        .hasMessage("has 60000 x 60000 pixels, more than the 178956970 that are allowed");
  }

  @Test
  void whatIsNoPictureIsNamed(@TempDir Path folder) throws IOException {
    record Wrong(String name, byte[] contents, String sentence) {}
    List<Wrong> all =
        List.of(
            new Wrong("empty.jpg", new byte[0], "is empty"),
            new Wrong("a.jpg", Pillow.ascii("GIF89a"), "is no JPEG, PNG or WebP picture but a GIF"),
            new Wrong("b.png", Pillow.ascii("<html><body>"), "a web page"),
            new Wrong("c.jpg", Pillow.ascii("version https://git-lfs.github"), "Git LFS"),
            new Wrong("d e\nf.jpg", new byte[100], "something else"),
            new Wrong(
                "g.jpg", Pillow.ascii("\u00ff\u00d8\u00ff\u00d9"), "JPEG file without a picture"),
            new Wrong("h.jpg", Pillow.ascii("\u00ff\u00d8"), "ends too early"),
            new Wrong("i.webp", Pillow.ascii("RIFF....WEBP"), "ends too early"));
    for (Wrong wrong : all) {
      Files.write(folder.resolve(wrong.name()), wrong.contents());
      ImageFiles files = new ImageFiles(folder, List.of(wrong.name()));
      assertThatThrownBy(() -> files.read(0, decoder, ImageDecoder::header))
          .isInstanceOf(InputException.class)
          .hasMessageContaining(wrong.sentence())
          .hasMessageStartingWith(folder + "/" + wrong.name().replace('\n', '?') + ": ")
          .hasMessageEndingWith("; save it again, or leave it out");
    }
    ImageFiles missing = new ImageFiles(folder, List.of("none.jpg"));
    assertThatThrownBy(() -> missing.read(0, decoder, ImageDecoder::header))
        .hasMessageContaining("none.jpg: does not exist");
  }

  /** A folder never gives fewer pictures than it seems to have without a word. */
  @Test
  void whatIsCalledAPictureAndIsNoneIsNotPassedOver(@TempDir Path folder) throws IOException {
    Files.copy(Pillow.FOLDER.resolve("rgb.png"), folder.resolve("a.png"));
    Files.createSymbolicLink(folder.resolve("b.png"), folder.resolve("nowhere.png"));
    assertThatThrownBy(() -> ImageFiles.below(folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("b.png: is a link to nothing");
    Files.createSymbolicLink(folder.resolve("c"), folder);
    assertThatThrownBy(() -> ImageFiles.below(folder)).hasMessageContaining("(and 1 more like it)");
    ImageFiles files = ImageFiles.below(folder, true);
    assertThat(files.size()).isEqualTo(1);
    assertThat(files.leftOut())
        .containsExactlyInAnyOrder(
            folder + "/b.png: is a link to nothing",
            folder + "/c: is a link to a folder that it lies in");
  }

  /** The order of datasets: that of bytes, where UTF-16 has U+10000 before U+FFFD. */
  @Test
  void filesAreInTheOrderOfTheirBytes(@TempDir Path folder) throws IOException {
    for (String name : List.of("\ud800\udc00.png", "\ufffd.png", "a b.png", "a/x.png")) {
      Files.createDirectories(folder.resolve(name).getParent());
      Files.copy(Pillow.FOLDER.resolve("rgb.png"), folder.resolve(name));
    }
    ImageFiles files = ImageFiles.below(folder);
    assertThat(java.util.stream.IntStream.range(0, 4).mapToObj(files::name))
        .containsExactly("a b.png", "a/x.png", "\ufffd.png", "\ud800\udc00.png");
  }

  /** A strip is no bomb: its pixels count, not its sides. */
  @Test
  void longStripsAreRead(@TempDir Path folder) throws IOException {
    BufferedImage strip = new BufferedImage(40_000, 2, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 40_000; x++) {
      strip.setRGB(x, 0, x / 200);
      strip.setRGB(x, 1, x / 200);
    }
    Path file = folder.resolve("strip.png");
    ImageIO.write(strip, "png", file.toFile());
    Path out = folder.resolve("strip.pack");
    ImageFiles files = ImageFiles.below(folder);
    new ImagePacker(files, out, new PackedForm(true, 0, 0), false).run(1, done -> {});
    try (PackedImages packed = new PackedImages(out)) {
      for (ImageSource source : List.of(files, packed)) {
        byte[] all = source.read(0, decoder, d -> d.pixels(ImageView.whole(40_000, 2)));
        assertThat(all[3 * 39_999 + 2] & 255).isEqualTo(199);
        ImageView middle =
            ImageTransform.of(new ImageTransform.ResizedCrop(224, 224, false))
                .view(40_000, 2, new ImageDraws(0, 0, 0, 0)); // of 4,480,000 x 224
        byte[] crop = source.read(0, decoder, d -> d.pixels(middle));
        assertThat(crop).hasSize(3 * 224 * 224);
        assertThat(crop[2] & 255).isEqualTo(99);
      }
      ImageView wide =
          ImageTransform.of(new ImageTransform.Resized(16_384))
              .view(40_000, 2, new ImageDraws(0, 0, 0, 0));
      assertThatThrownBy(() -> files.read(0, decoder, d -> d.pixels(wide)))
          .hasMessage(
              file
                  + ": cannot be made 327680000 x 16384 pixels large; save it again, or leave it"
                  + " out");
    }
  }

  /** As the page says: a crop decodes the rows that it needs, and no look is at the others. */
  @Test
  void aCropAboveACutHasItsPixels() throws IOException {
    byte[] file = file("444.jpg");
    ImageView top = ImageView.resized(new Box(0, 0, 8, 2), 8, 2, new Box(0, 0, 8, 2));
    decoder.set(file, file.length);
    byte[] right = decoder.pixels(top);
    ImageHeader header = decoder.header();
    byte[] most = java.util.Arrays.copyOf(file, file.length * 4 / 5);
    decoder.set(most, most.length);
    assertThat(decoder.pixels(top)).isEqualTo(right);
    ImageView all = ImageView.whole(header.width(), header.height());
    assertThatThrownBy(() -> decoder.pixels(all)).hasMessageContaining("too early");
  }

  /** A name says nothing: Pillow does not look at it either. */
  @Test
  void aPngThatIsCalledJpgIsRead(@TempDir Path folder) throws IOException {
    Files.copy(Pillow.FOLDER.resolve("rgb.png"), folder.resolve("x.jpg"));
    ImageFiles files = ImageFiles.below(folder);
    ImageHeader.Format format = files.read(0, decoder, d -> d.header().format());
    assertThat(format).isEqualTo(ImageHeader.Format.PNG);
  }

  @Test
  void aViewThatMakesNoSenseIsRefused() {
    byte[] file = file("rgb.png");
    decoder.set(file, file.length);
    Box ok = new Box(0, 0, 4, 4);
    for (ImageView view :
        List.of(
            ImageView.resized(new Box(40, 0, 10, 10), 4, 4, ok),
            ImageView.resized(new Box(-1, 0, 10, 10), 4, 4, ok),
            ImageView.resized(new Box(0, 0, 0, 10), 4, 4, ok),
            ImageView.resized(new Box(0, 0, Integer.MAX_VALUE, 10), 4, 4, ok),
            ImageView.resized(ok, 0, 4, ok),
            ImageView.resized(ok, 1 << 30, 4, ok),
            ImageView.resized(ok, 4, 4, new Box(Integer.MIN_VALUE, 0, 4, 4)),
            ImageView.resized(ok, 4, 4, new Box(0, 0, 4, 1 << 28)))) {
      assertThatThrownBy(() -> decoder.pixels(view)).isInstanceOf(InputException.class);
    }
    assertThat(decoder.pixels(ImageView.resized(ok, 4, 4, new Box(9, 9, 4, 4)))).containsOnly(0);
  }
}
