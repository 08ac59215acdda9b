package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.Labels;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads the array arguments of a command into one arena and checks them: every complaint names the
 * file, the place inside it and the remedy. Not for several threads at once.
 */
public final class ArrayFiles {
  private static final long LARGE = 1L << 30;

  private final Arena arena;
  private final Backend backend;

  public ArrayFiles(Arena arena, Backend backend) {
    this.arena = arena;
    this.backend = backend;
  }

  /** A non-empty matrix of finite numbers, converted to {@code type} (null: the file's own). */
  public Tensor matrix(Path file, DType type) {
    Npy.Header header = Npy.header(file);
    if (header.shape().rank() != 2 || header.shape().size() == 0) {
      throw new InputException(
          file + ": has shape " + header.shape() + "; save a non-empty matrix [rows, columns]");
    }
    return numbers(file, type);
  }

  /**
   * As {@link #matrix}, but a file of {@value #LARGE} bytes or more that has the type already stays
   * where it is and is mapped; it must not be cut meanwhile.
   */
  public Tensor largeMatrix(Path file, DType type) {
    Npy.Header header = Npy.header(file);
    boolean mapped =
        header.dtype() == type
            && header.shape().rank() == 2
            && header.shape().size() * header.itemBytes() >= LARGE;
    return mapped ? finite(file, Npy.map(file, arena), type) : matrix(file, type);
  }

  /** Finite numbers of exactly this shape; {@code meaning} says what the shape is. */
  public Tensor exactly(Path file, DType type, String meaning, long... dims) {
    Npy.Header header = Npy.header(file);
    Shape wanted = Shape.of(dims);
    if (!header.shape().equals(wanted)) {
      throw new InputException(
          file + ": has shape " + header.shape() + "; it must be " + wanted + ", " + meaning);
    }
    return numbers(file, type);
  }

  /** As {@link #exactly}, and none below zero. */
  public Tensor nonNegative(Path file, DType type, String meaning, long... dims) {
    Tensor values = exactly(file, type, meaning, dims);
    double[] copy = values.toDoubles();
    for (int i = 0; i < copy.length; i++) {
      if (copy[i] < 0) {
        throw new InputException(
            file
                + ": "
                + copy[i]
                + " at "
                + place(i, values.shape())
                + " is negative; use 0 or more");
      }
    }
    return values;
  }

  /** One label per row of {@code rows}. */
  public Tensor labels(Path file, Path rowsFile, long rows) {
    Tensor labels = Labels.read(file, arena);
    if (labels.size() != rows) {
      throw new InputException(
          file
              + ": "
              + labels.size()
              + " labels for the "
              + rows
              + " rows of "
              + rowsFile
              + "; save one label per row");
    }
    return labels;
  }

  private Tensor numbers(Path file, DType type) {
    return finite(file, Npy.read(file, arena), type);
  }

  private Tensor finite(Path file, Tensor read, DType type) {
    if (!read.dtype().isFloat()) {
      throw new InputException(
          file + ": holds integers; save it as numbers with .astype('<f4') or .astype('<f8')");
    }
    Tensor values = read;
    if (type != null && type != read.dtype()) {
      values = arena.allocate(type, read.shape());
      values.copyFrom(read);
    }
    long bad = backend.findNonFinite(values);
    if (bad >= 0) {
      double value = read.at(bad);
      String where = file + ": " + value + " at " + place(bad, values.shape());
      throw new InputException(
          Double.isFinite(value)
              ? where + " is too large for float32; use --dtype float64"
              : where + "; remove or repair that row");
    }
    return values;
  }

  /** A flat index as NumPy writes it: {@code [row, column]}. */
  public static String place(long flat, Shape shape) {
    long[] at = new long[shape.rank()];
    for (int i = at.length - 1; i >= 0; i--) {
      at[i] = flat % shape.dim(i);
      flat /= shape.dim(i);
    }
    return Arrays.toString(at);
  }
}
