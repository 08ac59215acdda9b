package io.vicinal.data;

import io.vicinal.tensor.Arena;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Handwritten digits, 8 x 8 pixels in 0..16 row by row, with their class. */
public record DigitRows(float[] pixels, long[] labels) {
  private static final int ALL = 1_797;

  /** All of the file, as {@link #set}. */
  public static FeatureSet all(Arena arena) {
    return first(ALL).set(arena, 0, ALL);
  }

  /** The first ones of the file. */
  public static DigitRows first(int samples) {
    try (InputStream in = DigitRows.class.getResourceAsStream("/data/digits.csv")) {
      List<String> lines =
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().limit(samples).toList();
      float[] pixels = new float[lines.size() * 64];
      long[] labels = new long[lines.size()];
      for (int i = 0; i < labels.length; i++) {
        String[] cells = lines.get(i).split(",");
        for (int j = 0; j < 64; j++) {
          pixels[i * 64 + j] = Float.parseFloat(cells[j]);
        }
        labels[i] = (long) Double.parseDouble(cells[64]);
      }
      return new DigitRows(pixels, labels);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many. */
  public int samples() {
    return labels.length;
  }

  /** Some as features: pixels in 0..1, and the digit. */
  public FeatureSet set(Arena arena, int from, int to) {
    float[] x = Arrays.copyOfRange(pixels, from * 64, to * 64);
    for (int i = 0; i < x.length; i++) {
      x[i] /= 16;
    }
    long[] y = Arrays.copyOfRange(labels, from, to);
    return new FeatureSet(arena.of(x, y.length, 64), arena.of(y, y.length), "digits");
  }

  /** Rows as arrays. */
  public double[][] rows() {
    double[][] rows = new double[samples()][64];
    for (int i = 0; i < pixels.length; i++) {
      rows[i / 64][i % 64] = pixels[i];
    }
    return rows;
  }

  /** The pixels of one, in 0..1. */
  public float[] image(int id) {
    float[] image = Arrays.copyOfRange(pixels, id * 64, id * 64 + 64);
    for (int i = 0; i < image.length; i++) {
      image[i] /= 16;
    }
    return image;
  }
}
