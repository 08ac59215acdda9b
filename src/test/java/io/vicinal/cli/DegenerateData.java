package io.vicinal.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;

/** Well-formed data on which little or nothing can be learnt: what users have while they try. */
enum DegenerateData {
  IDENTICAL_ROWS(12, 4, 3, x -> repeatFirstRow(x, 4)),
  ALL_ZERO(12, 4, 3, x -> Arrays.fill(x, 0)),
  A_CONSTANT_COLUMN(12, 4, 3, x -> fillColumn(x, 4, 1e6f)),
  A_ZERO_COLUMN(12, 4, 3, x -> fillColumn(x, 4, 0)),
  ZERO_ROWS(12, 4, 3, x -> Arrays.fill(x, 0, 4 * 4, 0)),
  DUPLICATES_OF_TWO_CLASSES(12, 4, 2, x -> System.arraycopy(x, 0, x, 24, 24)),
  ONE_SAMPLE(1, 4, 1, x -> {}),
  TWO_SAMPLES(2, 4, 2, x -> {}),
  THREE_SAMPLES(3, 4, 2, x -> {}),
  FOUR_SAMPLES(4, 4, 2, x -> {}),
  ONE_CLASS(12, 4, 1, x -> {}),
  CLASSES_OF_ONE_SAMPLE(12, 4, 12, x -> {}),
  A_CLASS_OF_ONE_SAMPLE(11, 4, 2, x -> {}),
  ONE_FEATURE(12, 1, 3, x -> {}),
  ONE_CONSTANT_FEATURE(12, 1, 3, x -> Arrays.fill(x, 3)),
  HUGE(12, 4, 3, x -> scale(x, 1e30f)),
  AT_THE_LIMIT(12, 4, 3, x -> scale(x, 5e37f)),
  TINY(12, 4, 3, x -> scale(x, 1e-30f)),
  SUBNORMAL(12, 4, 3, x -> scale(x, 1e-42f)),
  HUGE_AND_TINY_ROWS(12, 4, 3, DegenerateData::scaleRows),
  HUGE_AND_TINY_COLUMNS(12, 4, 3, DegenerateData::scaleColumns);

  private final int rows;
  private final int width;
  private final int classes;
  private final Consumer<float[]> change;

  DegenerateData(int rows, int width, int classes, Consumer<float[]> change) {
    this.rows = rows;
    this.width = width;
    this.classes = classes;
    this.change = change;
  }

  /** Writes X.npy and y.npy, and a head for them with proxies of its classes. */
  void write(Path folder) {
    try {
      Files.createDirectories(folder);
      float[] x = new float[rows * width];
      Random random = new Random(5);
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      change.accept(x);
      NpyBytes.floats(folder.resolve("X.npy"), x, rows, width);
      long[] labels = new long[rows];
      Arrays.setAll(labels, i -> this == A_CLASS_OF_ONE_SAMPLE ? i / 10 : i % classes);
      if (this == DUPLICATES_OF_TWO_CLASSES) {
        Arrays.setAll(labels, i -> i / 6);
      }
      NpyBytes.longs(folder.resolve("y.npy"), labels);
      NpyBytes.random(folder.resolve("P.npy"), 2, classes, width);
      Files.write(folder.resolve("head.safetensors"), head());
      Files.writeString(folder.resolve("pairs.csv"), "i,j\n0,1\n");
      Files.writeString(
          folder.resolve("c.json"),
          "{\"data\": {\"features\": \"X.npy\", \"labels\": \"y.npy\"},\n"
              + " \"loss\": {\"name\": \"normalized-softmax\"}, \"head\": {\"embedding\": 2},\n"
              + " \"epochs\": 2, \"compute\": {\"threads\": 1}}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] head() {
    int weight = 2 * width * 4;
    int proxies = classes * 2 * 4;
    String header =
        ("{'weight':{'dtype':'F32','shape':[2,%d],'data_offsets':[0,%d]},"
                + "'proxies':{'dtype':'F32','shape':[%d,2],'data_offsets':[%d,%d]}}")
            .formatted(width, weight, classes, weight, weight + proxies)
            .replace('\'', '"');
    return Fixture.safetensors(header, weight + proxies);
  }

  private static void repeatFirstRow(float[] x, int width) {
    for (int i = width; i < x.length; i++) {
      x[i] = x[i - width];
    }
  }

  private static void fillColumn(float[] x, int width, float value) {
    for (int i = 1; i < x.length; i += width) {
      x[i] = value;
    }
  }

  private static void scale(float[] x, float factor) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
  }

  private static void scaleRows(float[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= i / 4 % 2 == 0 ? 1e30f : 1e-30f;
    }
  }

  private static void scaleColumns(float[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] *= i % 2 == 0 ? 1e30f : 1e-30f;
    }
  }
}
