package io.vicinal.influence.problem;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Copies of matrices with a column more, a column less, or transposed. Stateless. */
final class BiasColumn {
  private static final int STRIP = 64 << 10; // elements that are turned at once

  private BiasColumn() {}

  /** out [n, m+1] = x [n, m] with a last column of one value. */
  static void append(Tensor x, double value, Tensor out) {
    append(x, row -> value, out);
  }

  /** out [n, m+1] = x [n, m] with a last column [n]; null is zero. */
  static void append(Tensor x, Tensor last, Tensor out) {
    double[] values = last == null ? new double[(int) x.dim(0)] : last.toDoubles();
    append(x, row -> values[(int) row], out);
  }

  private interface Last {
    double at(long row);
  }

  private static void append(Tensor x, Last last, Tensor out) {
    long width = x.dim(1);
    try (Arena scratch = Arena.host()) {
      Tensor typed = x.dtype() == out.dtype() ? null : scratch.allocate(out.dtype(), 1, width);
      int bytes = Math.toIntExact(width * out.dtype().bytes());
      ByteBuffer row =
          ByteBuffer.allocate(bytes + out.dtype().bytes()).order(ByteOrder.LITTLE_ENDIAN);
      for (long i = 0; i < x.dim(0); i++) {
        Tensor source = x.rows(i, i + 1);
        if (typed != null) {
          typed.copyFrom(source);
          source = typed;
        }
        source.read(0, row.clear().limit(bytes));
        row.limit(row.capacity());
        if (out.dtype() == DType.F32) {
          row.putFloat(bytes, (float) last.at(i));
        } else {
          row.putDouble(bytes, last.at(i));
        }
        out.write(i * row.capacity(), row.position(0));
      }
    }
  }

  /** x [n, m+1] into narrow [n, m] and its last column [n]. */
  static void split(Tensor x, Tensor narrow, Tensor last) {
    int bytes = Math.toIntExact(narrow.dim(1) * narrow.dtype().bytes());
    ByteBuffer row = ByteBuffer.allocate(bytes);
    double[] column = new double[(int) x.dim(0)];
    for (long i = 0; i < x.dim(0); i++) {
      Tensor source = x.rows(i, i + 1);
      source.read(0, row.clear());
      narrow.write(i * bytes, row.flip());
      column[(int) i] = source.at(x.dim(1) - 1);
    }
    last.set(column);
  }

  /** The transpose of a matrix [n, m]. */
  static Tensor transposed(Tensor x, Arena arena) {
    Tensor out = arena.allocate(x.dtype(), x.dim(1), x.dim(0));
    transpose(x, out);
    return out;
  }

  /** out [m, n] = x [n, m]', a strip of columns at a time. */
  static void transpose(Tensor x, Tensor out) {
    int n = Math.toIntExact(x.dim(0));
    int m = Math.toIntExact(x.dim(1));
    int size = x.dtype().bytes();
    int strip = Math.max(1, Math.min(m, STRIP / n));
    ByteBuffer from = ByteBuffer.allocate(strip * size).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer to = ByteBuffer.allocate(strip * n * size).order(ByteOrder.LITTLE_ENDIAN);
    for (int j0 = 0; j0 < m; j0 += strip) {
      int count = Math.min(strip, m - j0);
      for (int i = 0; i < n; i++) {
        x.read(((long) i * m + j0) * size, from.clear().limit(count * size));
        for (int j = 0; j < count; j++) {
          if (size == Float.BYTES) {
            to.putInt((j * n + i) * size, from.getInt(j * size));
          } else {
            to.putLong((j * n + i) * size, from.getLong(j * size));
          }
        }
      }
      out.write((long) j0 * n * size, to.clear().limit(count * n * size));
    }
  }
}
