package io.vicinal.data.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Pictures, and what Pillow and torchvision made of them ({@code images/make.py}). */
final class Pillow {
  static final Path FOLDER = Path.of("src/test/resources/images").toAbsolutePath();
  static final Map<String, Picture> EXPECTED = read();

  /** RGB bytes. */
  record Picture(int width, int height, byte[] rgb) {
    int at(int x, int y, int channel) {
      return rgb[3 * (y * width + x) + channel] & 255;
    }

    /** The largest difference of two pictures of one size. */
    int difference(byte[] other) {
      if (other.length != rgb.length) {
        throw new AssertionError(other.length + " bytes where " + rgb.length + " are expected");
      }
      int most = 0;
      for (int i = 0; i < rgb.length; i++) {
        most = Math.max(most, Math.abs((rgb[i] & 255) - (other[i] & 255)));
      }
      return most;
    }
  }

  private Pillow() {}

  private static Map<String, Picture> read() {
    Map<String, Picture> all = new LinkedHashMap<>();
    try (InputStream file = Pillow.class.getResourceAsStream("/images/expected.gz");
        GZIPInputStream in = new GZIPInputStream(file)) {
      for (int c; (c = in.read()) >= 0; ) {
        StringBuilder line = new StringBuilder();
        for (; c != '\n'; c = in.read()) {
          line.append((char) c);
        }
        String[] parts = line.toString().split("\t");
        int w = Integer.parseInt(parts[1]);
        int h = Integer.parseInt(parts[2]);
        all.put(parts[0], new Picture(w, h, in.readNBytes(3 * w * h)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
