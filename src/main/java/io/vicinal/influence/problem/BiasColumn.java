package io.vicinal.influence.problem;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Copies of matrices with a column more or a column less. Stateless. */
final class BiasColumn {
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
}
