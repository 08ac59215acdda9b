package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Checked vectors of one width from whatever a caller has, read in blocks. Nothing is copied until
 * a block is read, so the source must not change meanwhile.
 */
abstract class Vectors {
  /**
   * Lengths whose float32 squares, sums of them and distances neither overflow nor vanish. FAISS
   * asserts that distances are numbers.
   */
  static final double SHORTEST = 1e-15;

  static final double LONGEST = 3e18;

  private final String name;
  private final int count;
  private final int width;

  private Vectors(String name, long count, int width) {
    if (count > Integer.MAX_VALUE - 8) {
      throw new InputException(name + ": has " + count + " rows; hand them over in parts");
    }
    this.name = name;
    this.count = (int) count;
    this.width = width;
  }

  int count() {
    return count;
  }

  /** Copies rows [from, to), unchecked, to the beginning of {@code out}. */
  abstract void copy(int from, int to, float[] out);

  /**
   * Copies rows [from, to), checked and, for cosines, as unit vectors, to the beginning of {@code
   * out}.
   *
   * @throws InputException naming the first row that is not finite, or whose length float32
   *     distances cannot take
   */
  final void read(int from, int to, boolean unit, float[] out) {
    copy(from, to, out);
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
    check(name, x, width);
    return new Vectors(name, whole(name, x.length, width), width) {
      @Override
      void copy(int from, int to, float[] out) {
        System.arraycopy(x, from * width, out, 0, (to - from) * width);
      }
    };
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
    return new Vectors(name, x.length, width) {
      @Override
      void copy(int from, int to, float[] out) {
        for (int i = from; i < to; i++) {
          System.arraycopy(x[i], 0, out, (i - from) * width, width);
        }
      }
    };
  }

  /** From the buffer's position to its limit; neither changes. */
  static Vectors of(String name, FloatBuffer x, int width) {
    check(name, x, width);
    FloatBuffer view = x.slice();
    return new Vectors(name, whole(name, view.remaining(), width), width) {
      @Override
      void copy(int from, int to, float[] out) {
        view.get(from * width, out, 0, (to - from) * width);
      }
    };
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
    return new Vectors(name, x.dim(0), width) {
      @Override
      void copy(int from, int to, float[] out) {
        int bytes = x.dtype().bytes();
        int values = (to - from) * width;
        ByteBuffer block = ByteBuffer.allocate(values * bytes).order(ByteOrder.LITTLE_ENDIAN);
        x.read((long) from * width * bytes, block);
        block.flip();
        if (x.dtype() == DType.F32) {
          block.asFloatBuffer().get(out, 0, values);
        } else {
          for (int i = 0; i < values; i++) {
            out[i] = (float) block.getDouble();
          }
        }
      }
    };
  }

  private static int whole(String name, int values, int width) {
    if (values % width != 0) {
      throw new InputException(
          name
              + ": "
              + values
              + " values are no whole number of rows of "
              + width
              + "; rows lie one behind the other");
    }
    return values / width;
  }
}
