package io.vicinal.data;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An array's elements in an open file, in whatever type, byte order and layout; reading converts
 * them piece by piece. For one thread.
 *
 * @param file positioned anywhere
 * @param offset of the first element, in bytes
 * @param element their type
 * @param bigEndian whether their bytes are
 * @param fortran whether a matrix is stored column by column
 * @param shape of what is read
 * @param rows of the stored matrix that are read, ascending; null for all from the first on
 */
record StoredArray(
    InputFile file,
    long offset,
    Element element,
    boolean bigEndian,
    boolean fortran,
    Shape shape,
    int[] rows)
    implements AutoCloseable {
  private static final int PIECE = 32 << 10; // elements
  private static final int BLOCK = 4 << 20; // elements of a block of rows that is transposed

  StoredArray(
      InputFile file,
      long offset,
      Element element,
      boolean bigEndian,
      boolean fortran,
      Shape shape) {
    this(file, offset, element, bigEndian, fortran, shape, null);
  }

  /**
   * Some rows of a matrix that is stored row by row in an open file.
   *
   * @param chosen ascending
   */
  StoredArray rows(int[] chosen) {
    boolean together = chosen[chosen.length - 1] - chosen[0] == chosen.length - 1;
    return part(
        together ? chosen[0] : 0, Shape.of(chosen.length, shape.dim(1)), together ? null : chosen);
  }

  private StoredArray part(long first, Shape some, int[] chosen) {
    if (fortran || !file.seekable()) {
      throw file.problem("is not stored row by row", "save it with numpy.save in C order");
    }
    long start = offset + first * shape.dim(1) * element.bytes();
    return new StoredArray(file, start, element, bigEndian, false, some, chosen);
  }

  @Override
  public void close() {
    file.close();
  }

  /** Whether the file's bytes could be a tensor's of this type. */
  boolean isInPlace(DType type) {
    return rows == null
        && element.is(type)
        && !bigEndian
        && !fortran
        && file.seekable()
        && offset % type.bytes() == 0;
  }

  /**
   * The array as a tensor, its numbers rounded to nearest where the type cannot hold them.
   *
   * @param type F32 or F64; I64 for integers
   */
  Tensor read(Arena arena, DType type) {
    Tensor tensor = InputFile.allocate(file.path(), arena, type, shape);
    if (rows != null) {
      gather(tensor);
    } else if (!fortran) {
      sequentially(tensor);
    } else if (file.seekable()) {
      transpose(
          tensor,
          (from, count, target) -> {
            file.seek(offset + from * element.bytes());
            byte[] bytes = file.readFully(count * element.bytes());
            convert(ordered(bytes), count, target, type, -1);
          });
    } else {
      // A compressed member is read once from front to back: its columns wait in memory.
      try (Arena temporary = Arena.host()) {
        Tensor columns = InputFile.allocate(file.path(), temporary, type, shape);
        sequentially(columns);
        transpose(
            tensor, (from, count, target) -> columns.read(from * type.bytes(), target.slice()));
      }
    }
    return tensor;
  }

  /** Rows that lie together are read together. */
  private void gather(Tensor tensor) {
    for (int from = 0, to = 1; from < rows.length; from = to++) {
      while (to < rows.length && rows[to] == rows[to - 1] + 1) {
        to++;
      }
      part(rows[from], Shape.of(to - from, shape.dim(1)), null).sequentially(tensor.rows(from, to));
    }
  }

  private void sequentially(Tensor tensor) {
    DType type = tensor.dtype();
    if (element.is(type) && !bigEndian) {
      file.seek(offset);
      file.readInto(tensor);
      return;
    }
    ByteBuffer target = buffer((int) Math.min(PIECE, shape.size()), type);
    pieces(
        (source, count, from) -> {
          target.clear().limit(count * type.bytes());
          convert(source, count, target, type, from);
          tensor.write(from * type.bytes(), target);
        });
  }

  /** Some elements of the array, as the file has them. */
  interface Piece {
    /**
     * @param bytes theirs, from 0 on, in their order
     * @param first the flat index of the first of them
     */
    void take(ByteBuffer bytes, int count, long first);
  }

  /** Reads all elements, in the order in which they are stored. */
  void pieces(Piece piece) {
    byte[] bytes = new byte[(int) Math.min(PIECE, shape.size()) * element.bytes()];
    file.seek(offset);
    for (long from = 0; from < shape.size(); from += PIECE) {
      int count = (int) Math.min(PIECE, shape.size() - from);
      file.readFully(bytes, count * element.bytes());
      piece.take(ordered(bytes), count, from);
    }
  }

  private ByteBuffer ordered(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }

  private interface StoredColumns {
    /** Fills {@code target} with {@code count} elements of the tensor's type. */
    void read(long from, int count, ByteBuffer target);
  }

  /** Blocks of rows: each of their columns is one stretch of the stored array. */
  private void transpose(Tensor tensor, StoredColumns stored) {
    long n = shape.dim(0);
    int d = Math.toIntExact(shape.dim(1));
    int width = tensor.dtype().bytes();
    int most = (int) Math.max(1, Math.min(n, BLOCK / Math.max(1, d)));
    ByteBuffer block = ByteBuffer.allocate(Math.multiplyExact(Math.multiplyExact(most, d), width));
    for (long from = 0; from < n; from += most) {
      int rows = (int) Math.min(most, n - from);
      ByteBuffer column = buffer(rows, tensor.dtype());
      for (int j = 0; j < d; j++) {
        stored.read(j * n + from, rows, column.clear());
        for (int i = 0; i < rows; i++) {
          System.arraycopy(column.array(), i * width, block.array(), (i * d + j) * width, width);
        }
      }
      tensor.write(from * d * width, block.clear().limit(rows * d * width));
    }
  }

  private static ByteBuffer buffer(int elements, DType type) {
    return ByteBuffer.allocate(elements * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * @param first the flat index of the first element, -1 if the place is not known
   */
  private void convert(ByteBuffer source, int count, ByteBuffer target, DType type, long first) {
    int step = element.bytes();
    for (int k = 0; k < count; k++) {
      if (type == DType.I64) {
        target.putLong(8 * k, whole(source, k * step));
      } else if (type == DType.F64) {
        target.putDouble(
            8 * k, element.isFloat() ? element.number(source, k * step) : wide(source, k * step));
      } else {
        float value =
            element.isFloat() ? (float) element.number(source, k * step) : single(source, k * step);
        if (Float.isInfinite(value) && Double.isFinite(element.number(source, k * step))) {
          throw tooLarge(element.number(source, k * step), first < 0 ? -1 : first + k);
        }
        target.putFloat(4 * k, value);
      }
    }
  }

  private TooLargeException tooLarge(double value, long flat) {
    return new TooLargeException(
        InputFile.printable(file.path().toString())
            + ": "
            + value
            + (flat < 0 ? "" : " at " + place(flat, shape))
            + " is too large for float32");
  }

  private long whole(ByteBuffer source, int at) {
    long value = element.whole(source, at);
    if (element == Element.U64 && value < 0) {
      throw file.problem(
          Long.toUnsignedString(value) + " does not fit 64 bits with a sign",
          "subtract the smallest value before saving");
    }
    return value;
  }

  private double wide(ByteBuffer source, int at) {
    long value = element.whole(source, at);
    boolean unsigned = element == Element.U64 && value < 0;
    return unsigned ? 2.0 * (value >>> 1 | value & 1) : value;
  }

  private float single(ByteBuffer source, int at) {
    long value = element.whole(source, at);
    boolean unsigned = element == Element.U64 && value < 0;
    return unsigned ? 2f * (value >>> 1 | value & 1) : value;
  }

  /** A flat index as NumPy writes it: {@code [row, column]}. */
  static String place(long flat, Shape shape) {
    long[] at = new long[shape.rank()];
    for (int i = at.length - 1; i >= 0; i--) {
      at[i] = flat % shape.dim(i);
      flat /= shape.dim(i);
    }
    return Arrays.toString(at);
  }
}
