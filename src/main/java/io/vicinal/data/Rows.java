package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.function.IntFunction;

/**
 * Feature rows as a program has them: N rows of D float32 numbers each, in Java arrays or a buffer.
 * Nothing is copied before {@link #to}, so the caller's arrays must stay as they are until then.
 *
 * <p>Immutable as far as the caller leaves the numbers alone; safe for any thread then.
 */
public final class Rows {
  private static final int PIECE = 64 << 10; // numbers that are copied at a time

  private final int count;
  private final int width;
  private final IntFunction<FloatBuffer> row;

  private Rows(int count, int width, IntFunction<FloatBuffer> row) {
    this.count = count;
    this.width = width;
    this.row = row;
  }

  /**
   * @param rows N rows of D numbers each, N and D at least 1
   * @throws InputException if there is none, or one has another length than the first
   */
  public static Rows of(float[][] rows) {
    check(rows);
    int width = rows.length == 0 || rows[0] == null ? 0 : rows[0].length;
    checkSize(rows.length, width);
    for (int i = 0; i < rows.length; i++) {
      int found = rows[i] == null ? 0 : rows[i].length;
      if (found != width) {
        throw new InputException(
            "features: row "
                + i
                + " has "
                + found
                + " numbers, row 0 has "
                + width
                + "; give every row the same number");
      }
    }
    return new Rows(rows.length, width, i -> FloatBuffer.wrap(rows[i]));
  }

  /**
   * @param values N*D numbers, row after row
   * @param width D, at least 1
   * @throws InputException if they are no whole rows
   */
  public static Rows of(float[] values, int width) {
    check(values);
    return of(FloatBuffer.wrap(values), width);
  }

  /**
   * @param values N*D numbers from its position to its limit, row after row, on the Java heap or
   *     direct, of any byte order; its position is not moved
   * @param width D, at least 1
   * @throws InputException if they are no whole rows
   */
  public static Rows of(FloatBuffer values, int width) {
    check(values);
    FloatBuffer all = values.slice();
    if (width < 1 || all.remaining() % width != 0) {
      throw new InputException(
          "features: "
              + all.remaining()
              + " numbers are no whole rows of "
              + width
              + "; give N*D numbers and D");
    }
    checkSize(all.remaining() / width, width);
    return new Rows(all.remaining() / width, width, i -> all.slice(i * width, width));
  }

  private static void check(Object given) {
    if (given == null) {
      throw new InputException("features: are null; give one row or more");
    }
  }

  private static void checkSize(int count, int width) {
    if (count == 0 || width == 0) {
      throw new InputException(
          "features: [" + count + ", " + width + "] is empty; give one row or more");
    }
  }

  /** N. */
  public int count() {
    return count;
  }

  /** D. */
  public int width() {
    return width;
  }

  /** A copy as a tensor F32 [N, D]. */
  public Tensor to(Arena arena) {
    Tensor tensor = arena.allocate(DType.F32, count, width);
    copy(0, tensor);
    return tensor;
  }

  /**
   * Copies some rows.
   *
   * @param from the first row
   * @param target F32 or F64 [n, D], n at most N - from
   */
  public void copy(int from, Tensor target) {
    int rows = Math.toIntExact(target.dim(0));
    int step = Math.max(1, PIECE / width);
    FloatBuffer piece = FloatBuffer.allocate(Math.multiplyExact(Math.min(step, rows), width));
    for (int at = 0; at < rows; at += step) {
      int until = Math.min(rows, at + step);
      piece.clear();
      for (int i = at; i < until; i++) {
        piece.put(row.apply(from + i));
      }
      target.rows(at, until).set(piece.flip());
    }
  }
}
