package io.vicinal.kit;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/** The inputs of the golden values, built from the formulas that their files state. */
public final class GoldenFixtures {
  private GoldenFixtures() {}

  /** Embeddings [B, d], labels [B] and proxies [C*K, d], flat. */
  public record Fixture(int d, int classes, double[] embeddings, long[] labels, double[] proxies) {
    /** The same with fewer samples. */
    public Fixture firstRows(int rows) {
      return new Fixture(
          d, classes, Arrays.copyOf(embeddings, rows * d), Arrays.copyOf(labels, rows), proxies);
    }
  }

  private interface Cell {
    double at(int row, int column);
  }

  private static double[] matrix(int rows, int columns, Cell cell) {
    double[] values = new double[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = cell.at(i / columns, i % columns);
    }
    return values;
  }

  /** The fixture of a file of {@link Golden#FILES}. */
  public static Fixture named(String name, String loss, int centers) {
    return switch (name) {
      case "sine12" -> sine(12, 8, 5, centers, LongStream.range(0, 12).map(i -> i % 4).toArray());
      case "sine180" ->
          sine(180, 512, 100, centers, LongStream.range(0, 180).map(i -> 11 * i % 100).toArray());
      case "waves8" ->
          new Fixture(
              4,
              5,
              matrix(8, 4, (i, j) -> Math.sin(0.7 * (i + 1) + 1.3 * (j + 1) * (i + 2))),
              new long[] {0, 0, 1, 1, 2, 2, 3, 3},
              matrix(5, 4, (c, j) -> Math.cos(0.9 * (c + 1) + 0.5 * (j + 1) * (c + 3))));
      case "waves8mod4" ->
          new Fixture(
              4,
              4,
              matrix(8, 4, (i, j) -> Math.sin(1 + 0.7 * i + 1.3 * j + 0.1 * i * j)),
              LongStream.range(0, 8).map(i -> i % 4).toArray(),
              loss.equals("soft-triple")
                  ? matrix(
                      4 * centers, 4, (q, j) -> Math.cos(0.4 + 0.8 * j + 1.2 * q + 0.15 * j * q))
                  : matrix(4, 4, (c, j) -> Math.cos(0.5 + 0.9 * c + 1.1 * j + 0.2 * c * j)));
      case "iris9" -> iris();
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Fixture sine(int rows, int d, int classes, int centers, long[] labels) {
    return new Fixture(
        d,
        classes,
        matrix(rows, d, (i, j) -> Math.sin(1 + 0.7 * i + 1.1 * j + 0.13 * i * j)),
        labels,
        matrix(classes * centers, d, (c, j) -> Math.cos(0.5 + 0.9 * c + 0.4 * j + 0.07 * c * j)));
  }

  private static Fixture iris() {
    double[] rows = {
      5.1, 3.5, 1.4, 0.2, 4.9, 3.0, 1.4, 0.2, 4.7, 3.2, 1.3, 0.2, //
      7.0, 3.2, 4.7, 1.4, 6.4, 3.2, 4.5, 1.5, 6.9, 3.1, 4.9, 1.5, //
      6.3, 3.3, 6.0, 2.5, 5.8, 2.7, 5.1, 1.9, 7.1, 3.0, 5.9, 2.1
    };
    double[] proxies = {1, .5, .25, 0, .5, .5, .5, .25, .25, .5, .75, .5};
    return new Fixture(4, 3, rows, new long[] {0, 0, 0, 1, 1, 1, 2, 2, 2}, proxies);
  }

  /** Frobenius norm. */
  public static double norm(double[] values) {
    return Math.sqrt(DoubleStream.of(values).map(v -> v * v).sum());
  }
}
