package io.vicinal.data.image;

import io.vicinal.data.image.ImageView.Box;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * What one decoding tells of a picture without knowing what it shows. Luminance, sharpness and
 * entropy are those of the upright picture in grey (Y of Rec. 601), its longer side reduced to
 * {@value #SIDE} pixels by averaging and never enlarged, so that they compare between sizes, and
 * say what is left at the sizes that networks see. Immutable, so safe for any thread.
 *
 * @param header as stored
 * @param bytes of the file
 * @param file the file's bytes as a checksum
 * @param pixels the decoded upright pixels and their size as a checksum; null where there are too
 *     many to hold
 * @param hash what it looks like, {@link PictureHash}
 * @param luminance mean, 0 (black) to 1
 * @param sharpness variance of the Laplacian (4 neighbours, in grey levels of 0 to 255) over the
 *     inner pixels; 0 where there are none
 * @param entropy of the histogram of 256 grey levels, 0 to 8 bits
 * @param colour the largest difference between two channels of a reduced pixel, 0 to 255
 * @param small RGB bytes [{@value #SMALL}, {@value #SMALL}, 3] of the whole picture
 */
public record ImageMeasures(
    ImageHeader header,
    long bytes,
    Checksum file,
    Checksum pixels,
    long hash,
    double luminance,
    double sharpness,
    double entropy,
    int colour,
    byte[] small) {
  /** Longer side of what is measured. */
  public static final int SIDE = 256;

  /** A channel differs by so much from another through JPEG's rounding alone. */
  private static final int COLOURLESS = 8;

  private static final int HASHED = 32;
  private static final int SMALL = 16;

  /** The first 128 bits of a SHA-256: equal ones are equal contents. */
  public record Checksum(long high, long low) implements Comparable<Checksum> {
    private static Checksum of(MessageDigest digest) {
      ByteBuffer sum = ByteBuffer.wrap(digest.digest());
      return new Checksum(sum.getLong(), sum.getLong());
    }

    @Override
    public int compareTo(Checksum other) {
      int first = Long.compare(high, other.high);
      return first != 0 ? first : Long.compare(low, other.low);
    }
  }

  /** Bytes of memory for the pixels of a picture. */
  public static long pixelBytes(ImageHeader header) {
    return 3L * header.width() * header.height();
  }

  /**
   * Decodes the picture that a decoder holds, once.
   *
   * @param whole whether all its pixels are held at a time; else they are reduced while they are
   *     decoded, and have no checksum
   * @throws io.vicinal.InputException if it cannot be decoded, in words that follow its name
   */
  public static ImageMeasures of(ImageDecoder decoder, boolean whole) {
    ImageHeader header = decoder.header();
    Checksum file = Checksum.of(updated(decoder.file()));
    int width = header.uprightWidth();
    int height = header.uprightHeight();
    double scale = Math.min(1, (double) SIDE / Math.max(width, height));
    int w = (int) Math.max(1, Math.round(scale * width));
    int h = (int) Math.max(1, Math.round(scale * height));
    byte[] small;
    Checksum pixels = null;
    if (whole) {
      byte[] all = decoder.pixels(ImageView.whole(width, height));
      MessageDigest digest = sha256();
      digest.update(ByteBuffer.allocate(8).putInt(width).putInt(height).array());
      digest.update(all);
      pixels = Checksum.of(digest);
      small = reduced(all, width, height, w, h);
    } else {
      Box all = new Box(0, 0, width, height);
      small = decoder.pixels(ImageView.resized(all, w, h, new Box(0, 0, w, h)));
    }
    byte[] grey = greyOf(small);
    byte[] square = reduced(small, w, h, HASHED, HASHED);
    long hash = PictureHash.ofPixels(square);
    return new ImageMeasures(
        header,
        decoder.size(),
        file,
        pixels,
        hash,
        luminance(grey),
        sharpness(grey, w, h),
        entropy(grey),
        colour(small),
        reduced(square, HASHED, HASHED, SMALL, SMALL));
  }

  /** Whether there is no colour in it but for rounding. */
  public boolean isGrey() {
    return colour <= COLOURLESS;
  }

  /**
   * How alike two pictures are when both are reduced to {@value #SMALL} x {@value #SMALL} pixels:
   * the correlation of the channels' values, -1 to 1; of greys where one of them has no colour.
   * Another brightness or contrast does not matter, another colour or another place does. 0 where
   * one of them has one value only.
   */
  public double alike(ImageMeasures other) {
    boolean inGrey = isGrey() != other.isGrey();
    byte[] xs = inGrey ? greyOf(small) : small;
    byte[] ys = inGrey ? greyOf(other.small) : other.small;
    double n = xs.length;
    double a = 0;
    double b = 0;
    double aa = 0;
    double bb = 0;
    double ab = 0;
    for (int i = 0; i < xs.length; i++) {
      int x = xs[i] & 255;
      int y = ys[i] & 255;
      a += x;
      b += y;
      aa += x * x;
      bb += y * y;
      ab += x * y;
    }
    double varied = (aa - a * a / n) * (bb - b * b / n);
    return varied <= 0 ? 0 : (ab - a * b / n) / Math.sqrt(varied);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static MessageDigest updated(byte[] bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes);
    return digest;
  }

  /** Each new pixel is the mean of what it covers, parts of pixels by their share. */
  static byte[] reduced(byte[] rgb, int width, int height, int w, int h) {
    if (w == width && h == height) {
      return rgb;
    }
    byte[] out = new byte[3 * w * h];
    double[] row = new double[3 * w];
    for (int y = 0; y < h; y++) {
      double top = (double) y * height / h;
      double bottom = (double) (y + 1) * height / h;
      Arrays.fill(row, 0);
      for (int sy = (int) top; sy < Math.min(height, Math.ceil(bottom)); sy++) {
        double part = Math.min(bottom, sy + 1.0) - Math.max(top, sy);
        addRow(rgb, 3 * sy * width, width, row, w, part);
      }
      double area = (double) width / w * height / h;
      for (int k = 0; k < row.length; k++) {
        out[y * row.length + k] = (byte) Math.min(255, Math.round(row[k] / area));
      }
    }
    return out;
  }

  private static void addRow(byte[] rgb, int from, int width, double[] row, int w, double part) {
    for (int x = 0; x < w; x++) {
      double left = (double) x * width / w;
      double right = (double) (x + 1) * width / w;
      double red = 0;
      double green = 0;
      double blue = 0;
      for (int sx = (int) left; sx < Math.min(width, Math.ceil(right)); sx++) {
        double share = Math.min(right, sx + 1.0) - Math.max(left, sx);
        int at = from + 3 * sx;
        red += share * (rgb[at] & 255);
        green += share * (rgb[at + 1] & 255);
        blue += share * (rgb[at + 2] & 255);
      }
      row[3 * x] += part * red;
      row[3 * x + 1] += part * green;
      row[3 * x + 2] += part * blue;
    }
  }

  private static byte[] greyOf(byte[] rgb) {
    byte[] grey = new byte[rgb.length / 3];
    for (int p = 0; p < grey.length; p++) {
      int red = rgb[3 * p] & 255;
      int green = rgb[3 * p + 1] & 255;
      int blue = rgb[3 * p + 2] & 255;
      grey[p] = (byte) ((299 * red + 587 * green + 114 * blue + 500) / 1000);
    }
    return grey;
  }

  private static int colour(byte[] rgb) {
    int most = 0;
    for (int p = 0; p < rgb.length; p += 3) {
      int red = rgb[p] & 255;
      int green = rgb[p + 1] & 255;
      int blue = rgb[p + 2] & 255;
      int high = Math.max(red, Math.max(green, blue));
      most = Math.max(most, high - Math.min(red, Math.min(green, blue)));
    }
    return most;
  }

  private static double luminance(byte[] grey) {
    long sum = 0;
    for (byte level : grey) {
      sum += level & 255;
    }
    return sum / 255.0 / grey.length;
  }

  private static double sharpness(byte[] grey, int w, int h) {
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int y = 1; y < h - 1; y++) {
      for (int x = 1; x < w - 1; x++) {
        int at = y * w + x;
        int around =
            (grey[at - 1] & 255)
                + (grey[at + 1] & 255)
                + (grey[at - w] & 255)
                + (grey[at + w] & 255);
        double value = around - 4.0 * (grey[at] & 255);
        sum += value;
        squares += value * value;
        count++;
      }
    }
    return count == 0 ? 0 : squares / count - sum / count * (sum / count);
  }

  private static double entropy(byte[] grey) {
    int[] counts = new int[256];
    for (byte level : grey) {
      counts[level & 255]++;
    }
    double bits = 0;
    for (int count : counts) {
      if (count > 0) {
        double share = (double) count / grey.length;
        bits -= share * Math.log(share) / Math.log(2);
      }
    }
    return bits;
  }
}
