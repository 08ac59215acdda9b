package io.vicinal.tensor;

import io.vicinal.InputException;
import java.util.Arrays;

/**
 * The lengths of a tensor's dimensions, row-major: the last dimension is contiguous. The empty
 * shape is one scalar. A value, safe for any thread.
 */
public final class Shape {
  private final long[] dims;
  private final long size;

  private Shape(long[] dims) {
    this.dims = dims;
    long product = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new InputException(
            "shape " + Arrays.toString(dims) + ": a dimension is negative; give 0 or more");
      }
      try {
        product = Math.multiplyExact(product, dim);
      } catch (ArithmeticException e) {
        throw new InputException(
            "shape " + Arrays.toString(dims) + ": more than 2^63 elements; give a smaller shape",
            e);
      }
    }
    this.size = product;
  }

  /**
   * @param dims lengths, each 0 or more
   * @throws InputException if a length is negative or their product overflows
   */
  public static Shape of(long... dims) {
    return new Shape(dims.clone());
  }

  /** Number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /** Length of dimension {@code i}, counted from 0. */
  public long dim(int i) {
    return dims[i];
  }

  /** Number of elements. */
  public long size() {
    return size;
  }

  /** The lengths, as a fresh array. */
  public long[] dims() {
    return dims.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
