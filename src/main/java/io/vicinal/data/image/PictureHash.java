package io.vicinal.data.image;

import io.vicinal.data.image.ImageView.Box;
import java.util.Arrays;

/**
 * 64 bits that say what a picture looks like: the hash by the discrete cosine transform of Zauner
 * (Implementation and Benchmarking of Perceptual Image Hash Functions, 2010), known as pHash, with
 * the frequencies of the Python library ImageHash. The upright picture becomes 32 x 32 grey pixels,
 * each the weighted mean of what it covers; of their transform the coefficients of the frequencies
 * 0 to 7 down and across count, and a bit is whether one is above the median of the 64.
 *
 * <p>Another encoding, another size, other brightness and contrast move few bits: fine detail is
 * not among these frequencies, brightness is one of the 64, and a factor changes no comparison with
 * the median. The hash is that of a scene, not of what it shows: a crop of more than a few
 * hundredths, a turn or a mirror is another picture.
 *
 * <p>A picture of one grey has no structure and the hash {@link #FLAT}, like every other such
 * picture. Stateless; the same bits on every machine.
 */
public final class PictureHash {
  /** Of a picture without any structure; no other picture has it. */
  public static final long FLAT = 0;

  private static final int SIDE = 32;
  private static final int FREQUENCIES = 8;
  private static final double[][] COSINES = cosines();

  /** Where a coefficient, a sum over 1024 pixels, is nothing but rounding. */
  private static final double ROUNDING = 1e-6;

  private PictureHash() {}

  private static double[][] cosines() {
    double[][] table = new double[FREQUENCIES][SIDE];
    for (int k = 0; k < FREQUENCIES; k++) {
      for (int x = 0; x < SIDE; x++) {
        // StrictMath: the bits must not depend on the machine
        table[k][x] = StrictMath.cos(Math.PI * k * (2 * x + 1) / (2.0 * SIDE));
      }
    }
    return table;
  }

  /**
   * The hash of the picture that a decoder holds.
   *
   * @throws io.vicinal.InputException if it cannot be decoded, in words that follow its name
   */
  public static long of(ImageDecoder decoder) {
    ImageHeader header = decoder.header();
    Box whole = new Box(0, 0, header.uprightWidth(), header.uprightHeight());
    Box small = new Box(0, 0, SIDE, SIDE);
    return ofPixels(decoder.pixels(ImageView.resized(whole, SIDE, SIDE, small)));
  }

  /**
   * The hash of a picture of a source.
   *
   * @throws io.vicinal.InputException one sentence that names the picture, if it cannot be decoded
   */
  public static long of(ImageSource pictures, int sample, ImageDecoder decoder) {
    return pictures.read(sample, decoder, PictureHash::of);
  }

  /** How many bits of two hashes differ, 0 to 64; unrelated pictures are about 32 apart. */
  public static int distance(long a, long b) {
    return Long.bitCount(a ^ b);
  }

  /** Of RGB bytes [32, 32, 3]. */
  static long ofPixels(byte[] rgb) {
    double[] across = new double[SIDE * FREQUENCIES]; // [y, k]
    double[] grey = new double[SIDE];
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        int at = 3 * (y * SIDE + x);
        grey[x] =
            0.299 * (rgb[at] & 0xff) + 0.587 * (rgb[at + 1] & 0xff) + 0.114 * (rgb[at + 2] & 0xff);
      }
      for (int k = 0; k < FREQUENCIES; k++) {
        double sum = 0;
        for (int x = 0; x < SIDE; x++) {
          sum += COSINES[k][x] * grey[x];
        }
        across[y * FREQUENCIES + k] = sum;
      }
    }
    double[] coefficients = new double[FREQUENCIES * FREQUENCIES]; // [down, across]
    for (int v = 0; v < FREQUENCIES; v++) {
      for (int y = 0; y < SIDE; y++) {
        for (int k = 0; k < FREQUENCIES; k++) {
          coefficients[v * FREQUENCIES + k] += COSINES[v][y] * across[y * FREQUENCIES + k];
        }
      }
    }
    return bits(coefficients);
  }

  private static long bits(double[] coefficients) {
    boolean flat = true;
    for (int i = 0; i < coefficients.length; i++) {
      if (Math.abs(coefficients[i]) < ROUNDING) {
        coefficients[i] = 0; // of pictures that repeat a row or a column
      }
      flat &= i == 0 || coefficients[i] == 0;
    }
    if (flat) {
      return FLAT;
    }
    double[] sorted = coefficients.clone();
    Arrays.sort(sorted);
    double median = (sorted[31] + sorted[32]) / 2;
    long hash = 0;
    for (int i = 0; i < coefficients.length; i++) {
      hash |= (coefficients[i] > median ? 1L : 0L) << i;
    }
    return hash;
  }
}
