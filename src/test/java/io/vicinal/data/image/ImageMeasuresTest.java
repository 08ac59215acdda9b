package io.vicinal.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Against plain loops over Java's own pixels. */
class ImageMeasuresTest {
  private static ImageMeasures of(BufferedImage image, boolean whole) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    try (ImageDecoder decoder = new ImageDecoder()) {
      decoder.set(bytes.toByteArray(), bytes.size());
      return ImageMeasures.of(decoder, whole);
    }
  }

  private static BufferedImage noise(int width, int height, long seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int p = 0; p < width * height; p++) {
      image.setRGB(p % width, p / width, random.nextInt(1 << 24));
    }
    return image;
  }

  private static double grey(BufferedImage image, int x, int y) {
    int rgb = image.getRGB(x, y);
    return Math.floor(
        0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255) + 0.5 + 1e-9);
  }

  @Test
  void smallPicturesAreMeasuredAsTheyAre() throws IOException {
    BufferedImage image = noise(23, 17, 1);
    ImageMeasures measures = of(image, true);
    double sum = 0;
    Map<Double, Integer> counts = new HashMap<>();
    for (int p = 0; p < 23 * 17; p++) {
      double value = grey(image, p % 23, p / 23);
      sum += value;
      counts.merge(value, 1, Integer::sum);
    }
    assertThat(measures.luminance()).isCloseTo(sum / 255 / (23 * 17), within(1e-12));
    double entropy =
        counts.values().stream()
            .mapToDouble(n -> n / (23.0 * 17))
            .map(share -> -share * Math.log(share) / Math.log(2))
            .sum();
    assertThat(measures.entropy()).isCloseTo(entropy, within(1e-9));
    double[] edges = new double[21 * 15];
    double mean = 0;
    for (int k = 0; k < edges.length; k++) {
      int x = 1 + k % 21;
      int y = 1 + k / 21;
      edges[k] =
          grey(image, x - 1, y)
              + grey(image, x + 1, y)
              + grey(image, x, y - 1)
              + grey(image, x, y + 1)
              - 4 * grey(image, x, y);
      mean += edges[k] / edges.length;
    }
    double variance = 0;
    for (double edge : edges) {
      variance += (edge - mean) * (edge - mean) / edges.length;
    }
    assertThat(measures.sharpness()).isCloseTo(variance, within(1e-6 * variance));
    assertThat(measures.isGrey()).isFalse();
    assertThat(measures.alike(measures)).isCloseTo(1, within(1e-12));
    assertThat(measures.alike(of(noise(23, 17, 2), true))).isBetween(-0.5, 0.5);
  }

  /** Each pixel cut into equal parts, of which whole ones are averaged. */
  @Test
  void reducingAverages() {
    byte[] rgb = new byte[3 * 10 * 6];
    new Random(3).nextBytes(rgb);
    byte[] out = ImageMeasures.reduced(rgb, 10, 6, 4, 4);
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 4; x++) {
        for (int c = 0; c < 3; c++) {
          double sum = 0;
          for (int v = 0; v < 3; v++) { // of 12 fine rows, 2 in a pixel
            for (int u = 0; u < 5; u++) { // of 20 fine columns, 2 in a pixel
              sum += rgb[3 * ((3 * y + v) / 2 * 10 + (5 * x + u) / 2) + c] & 255;
            }
          }
          assertThat((double) (out[3 * (4 * y + x) + c] & 255)).isCloseTo(sum / 15, within(0.501));
        }
      }
    }
  }

  @Test
  void equalPixelsHaveEqualSumsWhateverTheFile() throws IOException {
    BufferedImage image = noise(300, 40, 4);
    ImageMeasures whole = of(image, true);
    ImageMeasures parts = of(image, false);
    assertThat(whole.file()).isEqualTo(parts.file());
    assertThat(parts.pixels()).isNull();
    assertThat(parts.luminance()).isCloseTo(whole.luminance(), within(0.01));
    BufferedImage other = new BufferedImage(300, 40, BufferedImage.TYPE_INT_ARGB);
    other.getGraphics().drawImage(image, 0, 0, null);
    ImageMeasures same = of(other, true);
    assertThat(same.pixels()).isEqualTo(whole.pixels());
    assertThat(same.file()).isNotEqualTo(whole.file());
    image.setRGB(7, 7, image.getRGB(7, 7) ^ 1);
    assertThat(of(image, true).pixels()).isNotEqualTo(whole.pixels());
  }
}
