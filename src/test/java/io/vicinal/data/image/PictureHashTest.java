package io.vicinal.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vicinal.InputException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.awt.image.RescaleOp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureHashTest {
  private static final int SCENES = 10;

  @AutoClose private final ImageDecoder decoder = new ImageDecoder();

  /** A scene: sky, ground, things of many sizes and fine grain. */
  private static BufferedImage scene(long seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(280, 210, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setColor(new Color(random.nextInt(0x1000000)));
    g.fillRect(0, 0, 280, 210);
    for (int i = 0; i < 14; i++) {
      g.setColor(new Color(random.nextInt(0x1000000)));
      double size = 20 + random.nextInt(130);
      double x = random.nextInt(280) - size / 2;
      double y = random.nextInt(210) - size / 2;
      if (i % 2 == 0) {
        g.fill(new Ellipse2D.Double(x, y, size, size * (0.4 + random.nextDouble())));
      } else {
        Path2D.Double path = new Path2D.Double();
        path.moveTo(x, y);
        path.lineTo(x + size, y + random.nextInt(70));
        path.lineTo(x + random.nextInt(70), y + size);
        path.closePath();
        g.fill(path);
      }
    }
    g.dispose();
    for (int y = 0; y < 210; y++) {
      for (int x = 0; x < 280; x++) {
        int grain = random.nextInt(13) - 6;
        int rgb = image.getRGB(x, y);
        image.setRGB(
            x,
            y,
            clip((rgb >> 16 & 255) + grain) << 16
                | clip((rgb >> 8 & 255) + grain) << 8
                | clip((rgb & 255) + grain));
      }
    }
    return image;
  }

  private static int clip(int value) {
    return Math.max(0, Math.min(255, value));
  }

  private static byte[] jpeg(BufferedImage image, float quality) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam how = writer.getDefaultWriteParam();
    how.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    how.setCompressionQuality(quality);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    }
    writer.dispose();
    return bytes.toByteArray();
  }

  private static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  private static BufferedImage resized(BufferedImage image, int width, int height) {
    BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = out.createGraphics();
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    g.drawImage(image, 0, 0, width, height, null);
    g.dispose();
    return out;
  }

  private static BufferedImage lit(BufferedImage image, float factor, float offset) {
    return new RescaleOp(factor, offset, null).filter(image, null);
  }

  private long hash(byte[] file) {
    decoder.set(file, file.length);
    return PictureHash.of(decoder);
  }

  @Test
  void copiesAreCloseAndScenesFar() throws IOException {
    long[] originals = new long[SCENES];
    int[] worst = new int[6];
    for (int s = 0; s < SCENES; s++) {
      BufferedImage scene = scene(s);
      originals[s] = hash(png(scene));
      List<byte[]> copies =
          List.of(
              jpeg(scene, 0.85f),
              jpeg(scene, 0.3f),
              jpeg(resized(scene, 203, 153), 0.8f),
              png(resized(scene, 420, 315)),
              png(lit(scene, 0.8f, 12)),
              jpeg(scene.getSubimage(3, 2, 274, 206), 0.8f));
      for (int c = 0; c < worst.length; c++) {
        int differ = PictureHash.distance(originals[s], hash(copies.get(c)));
        worst[c] = Math.max(worst[c], differ);
      }
    }
    int nearest = 64;
    for (int a = 0; a < SCENES; a++) {
      for (int b = 0; b < a; b++) {
        nearest = Math.min(nearest, PictureHash.distance(originals[a], originals[b]));
      }
    }
    // Bits that differ at most: other encodings, sizes, light; a crop of one hundredth at each
    // edge.
    int[] limits = {4, 4, 4, 4, 4, 8};
    assertThat(worst).matches(w -> IntStream.range(0, w.length).allMatch(c -> w[c] <= limits[c]));
    assertThat(nearest).isGreaterThanOrEqualTo(14);
  }

  /** The definition once more: every coefficient by its double sum, ranks instead of a median. */
  @Test
  void bitsAreThoseOfTheDefinition() {
    Random random = new Random(3);
    for (int k = 0; k < 20; k++) {
      byte[] rgb = new byte[32 * 32 * 3];
      random.nextBytes(rgb);
      double[] coefficients = new double[64];
      for (int v = 0; v < 8; v++) {
        for (int u = 0; u < 8; u++) {
          double sum = 0;
          for (int y = 0; y < 32; y++) {
            for (int x = 0; x < 32; x++) {
              int at = 3 * (32 * y + x);
              double grey =
                  (299 * (rgb[at] & 255) + 587 * (rgb[at + 1] & 255) + 114 * (rgb[at + 2] & 255))
                      / 1000.0;
              sum +=
                  grey
                      * Math.cos((2 * x + 1) * u * Math.PI / 64)
                      * Math.cos((2 * y + 1) * v * Math.PI / 64);
            }
          }
          coefficients[8 * v + u] = sum;
        }
      }
      long hash = PictureHash.ofPixels(rgb);
      for (int i = 0; i < 64; i++) {
        double own = coefficients[i];
        boolean upperHalf = Arrays.stream(coefficients).filter(c -> c < own).count() >= 32;
        assertThat((hash >>> i & 1) == 1).isEqualTo(upperHalf);
      }
    }
  }

  @Test
  void aPictureOfOneGreyIsFlat() throws IOException {
    for (int grey : new int[] {0, 0x7f7f7f, 0xffffff, 0x123456}) {
      BufferedImage image = new BufferedImage(60, 50, BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < 3000; i++) {
        image.setRGB(i % 60, i / 60, grey);
      }
      assertThat(hash(png(image))).isEqualTo(PictureHash.FLAT);
      assertThat(hash(jpeg(image, 0.7f))).isEqualTo(PictureHash.FLAT);
    }
    BufferedImage dot = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    assertThat(hash(png(dot))).isEqualTo(PictureHash.FLAT);
    assertThat(hash(png(scene(1).getSubimage(100, 5, 1, 200)))).isNotEqualTo(PictureHash.FLAT);
  }

  @Test
  void aSourceIsHashedByNumberAndAPictureThatIsNoneNamed(@TempDir Path folder) throws IOException {
    byte[] file = jpeg(scene(5), 0.9f);
    Files.write(folder.resolve("a.jpg"), file);
    Files.write(folder.resolve("b.jpg"), Arrays.copyOf(file, 700));
    ImageFiles files = ImageFiles.below(folder);
    assertThat(PictureHash.of(files, 0, decoder)).isEqualTo(hash(file));
    assertThatThrownBy(() -> PictureHash.of(files, 1, decoder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("b.jpg");
  }
}
