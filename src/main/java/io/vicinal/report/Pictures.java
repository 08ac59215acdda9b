package io.vicinal.report;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * Thumbnails by key, as data URIs, PNG or JPEG. A picture that several places show is stored once.
 * Larger images are reduced to {@value #SIDE} pixels by averaging. Not for several threads at once.
 */
public final class Pictures {
  /** Longest side of a thumbnail. */
  public static final int SIDE = 96;

  private static final int LARGE = 6000; // bytes of a PNG

  private final Map<String, String> uris = new LinkedHashMap<>();

  /**
   * Adds a picture; a key that is known keeps its first picture.
   *
   * @param key such as "train/1234"
   * @param values height x width x channels, row by row, in 0..1; what lies outside is clipped
   * @param channels 1 for grey, 3 for red, green, blue
   */
  public Pictures put(String key, float[] values, int width, int height, int channels) {
    if (channels != 1 && channels != 3 || values.length != width * height * channels) {
      throw new IllegalArgumentException(
          key + ": " + values.length + " values for " + width + " x " + height + " x " + channels);
    }
    uris.computeIfAbsent(key, k -> uri(values, width, height, channels));
    return this;
  }

  /**
   * Adds a picture in colour or grey, reduced to {@value #SIDE} pixels. A photograph, which would
   * be large as PNG, becomes a JPEG.
   */
  public Pictures put(String key, BufferedImage image) {
    uris.computeIfAbsent(key, k -> uri(reduced(image)));
    return this;
  }

  private static BufferedImage reduced(BufferedImage image) {
    double scale = Math.min(1, (double) SIDE / Math.max(image.getWidth(), image.getHeight()));
    int w = Math.max(1, (int) Math.round(scale * image.getWidth()));
    int h = Math.max(1, (int) Math.round(scale * image.getHeight()));
    BufferedImage small = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = small.createGraphics();
    g.setColor(Color.WHITE); // below what is transparent
    g.fillRect(0, 0, w, h);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    g.drawImage(image, 0, 0, w, h, null);
    g.dispose();
    return small;
  }

  /** Whether there is a picture of that key. */
  public boolean has(String key) {
    return uris.containsKey(key);
  }

  /** Data URIs by key, in the order they came. */
  public Map<String, String> uris() {
    return Collections.unmodifiableMap(uris);
  }

  private static String uri(float[] values, int width, int height, int channels) {
    int block = Math.max(1, (Math.max(width, height) + SIDE - 1) / SIDE);
    int w = (width + block - 1) / block;
    int h = (height + block - 1) / block;
    int type = channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
    BufferedImage image = new BufferedImage(w, h, type);
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        for (int c = 0; c < channels; c++) {
          int level = level(values, width, height, channels, x * block, y * block, block, c);
          image.getRaster().setSample(x, y, c, level);
        }
      }
    }
    return uri(image);
  }

  private static String uri(BufferedImage image) {
    try {
      byte[] png = encoded(image, "png");
      byte[] bytes = png;
      String type = "png";
      if (png.length > LARGE) {
        bytes = encoded(image, "jpg");
        type = "jpeg";
      }
      return "data:image/" + type + ";base64," + Base64.getEncoder().encodeToString(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] encoded(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.setUseCache(false);
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }

  private static int level(
      float[] values, int width, int height, int channels, int left, int top, int block, int c) {
    double sum = 0;
    int count = 0;
    for (int y = top; y < Math.min(top + block, height); y++) {
      for (int x = left; x < Math.min(left + block, width); x++) {
        sum += Math.min(1, Math.max(0, values[(y * width + x) * channels + c]));
        count++;
      }
    }
    return (int) Math.round(255 * sum / count);
  }
}
