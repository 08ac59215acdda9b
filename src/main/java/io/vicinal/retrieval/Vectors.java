package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.nio.FloatBuffer;

/**
 * Checked vectors of one width from whatever a caller has, read in blocks. Nothing is copied until
 * a block is read, so the source must not change meanwhile.
 */
final class Vectors {
  /**
   * Lengths whose float32 squares, sums of them and distances neither overflow nor vanish. FAISS
   * asserts that distances are numbers.
   */
  static final double SHORTEST = 1e-15;

  static final double LONGEST = 3e18;

  private final String name;
  private final int count;
  private final int width;
  private final Copy source;

  private Vectors(String name, long count, int width, Copy source) {
    if (count > Integer.MAX_VALUE - 8) {
      throw new InputException(name + ": has " + count + " rows; hand them over in parts");
    }
    this.name = name;
    this.count = (int) count;
    this.width = width;
    this.source = source;
  }

  int count() {
    return count;
  }

  private interface Copy {
    /** Copies rows [from, to), unchecked, to the beginning of {@code out}. */
    void rows(int from, int to, float[] out);
  }

  /** What is done with rows. */
  interface Block {
    /**
     * @param rows [from, to), from the array's beginning on, which the next block overwrites
     */
    void take(int from, int to, float[] rows);
  }

  /**
   * Hands over all rows, checked and, for cosines, as unit vectors.
   *
   * @param rows of a block at most
   * @param what is done, for a thread that is interrupted between two blocks
   * @throws InputException naming the first row that is not finite, or whose length float32
   *     distances cannot take
   */
  void blocks(int rows, boolean unit, String what, Block block) {
    float[] out = new float[Math.min(count, rows) * width];
    for (int from = 0; from < count; from += rows) {
      MatrixChecks.checkInterrupt(what);
      int to = Math.min(count, from + rows);
      source.rows(from, to, out);
      check(from, to, unit, out);
      block.take(from, to, out);
    }
  }

  private void check(int from, int to, boolean unit, float[] out) {
    for (int i = from; i < to; i++) {
      int at = (i - from) * width;
      double square = 0;
      for (int j = at; j < at + width; j++) {
        square += (double) out[j] * out[j];
      }
      if (!Double.isFinite(square)) {
        throw new InputException(
            name + ": row " + i + " is not finite in float32; leave it out or compute it again");
      }
      double length = Math.sqrt(square);
      if (unit) {
        if (length == 0) {
          throw new InputException(
              name + ": row " + i + " is zero in float32 and has no direction; leave it out");
        }
        for (int j = at; j < at + width; j++) {
          out[j] = (float) (out[j] / length);
        }
      } else if (length > LONGEST || length != 0 && length < SHORTEST) {
        throw new InputException(
            name
                + ": row "
                + i
                + " has the length "
                + (float) length
                + ", and float32 distances need "
                + (float) SHORTEST
                + " to "
                + (float) LONGEST
                + "; scale all rows and queries by one factor");
      }
    }
  }

  private static void check(String name, Object x, int width) {
    if (x == null) {
      throw new InputException(name + ": is null; give rows of " + width + " numbers");
    }
  }

  static Vectors of(String name, float[] x, int width) {
    return of(name, x == null ? null : FloatBuffer.wrap(x), width);
  }

  static Vectors of(String name, float[][] x, int width) {
    check(name, x, width);
    for (int i = 0; i < x.length; i++) {
      if (x[i] == null || x[i].length != width) {
        throw new InputException(
            name
                + ": row "
                + i
                + " has "
                + (x[i] == null ? "no values" : x[i].length + " values")
                + " where the index has "
                + width);
      }
    }
    return new Vectors(
        name,
        x.length,
        width,
        (from, to, out) -> {
          for (int i = from; i < to; i++) {
            System.arraycopy(x[i], 0, out, (i - from) * width, width);
          }
        });
  }

  /** From the buffer's position to its limit; neither changes. */
  static Vectors of(String name, FloatBuffer x, int width) {
    check(name, x, width);
    FloatBuffer view = x.slice();
    int values = view.remaining();
    if (values % width != 0) {
      throw new InputException(
          name
              + ": "
              + values
              + " values are no whole number of rows of "
              + width
              + "; rows lie one behind the other");
    }
    return new Vectors(
        name,
        values / width,
        width,
        (from, to, out) -> view.get(from * width, out, 0, (to - from) * width));
  }

  /** F32 or F64 [n, width] in the process's memory. */
  static Vectors of(String name, Tensor x, int width) {
    check(name, x, width);
    if (x.shape().rank() != 2 || x.dim(1) != width || x.dtype() == DType.I64) {
      throw new InputException(
          name + ": needs a floating-point matrix [rows, " + width + "], got " + x);
    }
    if (!x.device().equals(Device.CPU)) {
      throw new InputException(
          name + ": lies on " + x.device() + "; copy it into an arena of the host");
    }
    return new Vectors(
        name, x.dim(0), width, (from, to, out) -> x.rows(from, to).get(FloatBuffer.wrap(out)));
  }
}
