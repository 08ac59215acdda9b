package io.vicinal.report;

import io.vicinal.tensor.Tensor;
import java.util.function.LongFunction;

/**
 * Samples that can be looked at.
 *
 * @param width of a picture
 * @param height of a picture
 * @param values a sample's pixels by its row: grey, row by row, in 0..1
 */
public record Pixels(int width, int height, LongFunction<float[]> values) {
  private static final int PROBED = 256;

  /**
   * Features that are grey pixels, row by row, scaled by the range of the first rows.
   *
   * @param features [N, width x height]
   */
  public static Pixels of(Tensor features, int width, int height) {
    if (features.dim(1) != (long) width * height) {
      throw new IllegalArgumentException(features + " is not " + width + " x " + height);
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
        row -> {
          float[] pixels = features.rows(row, row + 1).toFloats();
          for (int k = 0; k < pixels.length; k++) {
            pixels[k] = (pixels[k] - from) * scale;
          }
          return pixels;
        });
  }
}
