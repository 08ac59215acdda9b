package io.vicinal.report;

import io.vicinal.tensor.Tensor;
import java.util.function.LongFunction;

/**
 * Samples that can be looked at.
 *
 * @param width of a picture
 * @param height of a picture
 * @param channels 1 for grey, 3 for red, green, blue
 * @param values a sample's pixels by its row: row by row, channels together, in 0..1
 */
public record Pixels(int width, int height, int channels, LongFunction<float[]> values)
    implements Look {
  private static final int PROBED = 256;

  /** Grey ones. */
  public Pixels(int width, int height, LongFunction<float[]> values) {
    this(width, height, 1, values);
  }

  @Override
  public void addTo(Pictures pictures, String key, long row) {
    pictures.put(key, values.apply(row), width, height, channels);
  }

  /** Features that are grey pixels; see below. */
  public static Pixels of(Tensor features, int width, int height) {
    return of(features, width, height, 1, false);
  }

  /**
   * Features that are pixels, row by row, scaled by the range of the first samples.
   *
   * @param features [N, width x height x channels]
   * @param planes whether the channels are whole pictures one after the other, not together
   */
  public static Pixels of(Tensor features, int width, int height, int channels, boolean planes) {
    if (features.dim(1) != (long) width * height * channels) {
      throw new IllegalArgumentException(
          features + " is not " + width + " x " + height + " x " + channels);
    }
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    for (float value : features.rows(0, Math.min(PROBED, features.dim(0))).toFloats()) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    float from = low;
    float scale = high > low ? 1 / (high - low) : 1;
    return new Pixels(
        width,
        height,
        channels,
        row -> {
          float[] pixels = features.rows(row, row + 1).toFloats();
          for (int k = 0; k < pixels.length; k++) {
            pixels[k] = (pixels[k] - from) * scale;
          }
          return planes ? together(pixels, channels) : pixels;
        });
  }

  private static float[] together(float[] planes, int channels) {
    float[] pixels = new float[planes.length];
    int size = planes.length / channels;
    for (int k = 0; k < pixels.length; k++) {
      pixels[k] = planes[k % channels * size + k / channels];
    }
    return pixels;
  }
}
