package io.vicinal.influence.query;

import java.util.Arrays;

/**
 * Raw embeddings of a few test rows, in double. Immutable as long as nobody writes to its arrays.
 *
 * @param width d
 * @param rows test rows [R], ascending
 * @param values [R][d]
 */
public record Embedded(int width, long[] rows, double[][] values)
    implements Measurement.Embeddings {
  @Override
  public double[] raw(long row) {
    int at = Arrays.binarySearch(rows, row);
    if (at < 0) {
      throw new IllegalArgumentException("row " + row + " was not embedded");
    }
    return values[at];
  }

  /** Fewer rows, the arrays shared. */
  public Embedded only(long[] some) {
    return new Embedded(
        width, some.clone(), Arrays.stream(some).mapToObj(this::raw).toArray(double[][]::new));
  }
}
