package io.vicinal.data;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * A tensor of PyTorch: a view of a storage whose bytes are elsewhere in the file. It lies within
 * its storage, and has no more elements than that.
 *
 * @param storage what it views
 * @param element its type
 * @param offset its first element's place in the storage
 * @param shape its sizes
 * @param strides how many elements a step along each dimension is
 */
record TorchTensor(Storage storage, Element element, long offset, Shape shape, long[] strides) {
  private static final int PIECE = 32 << 10; // elements

  /**
   * A storage by its key.
   *
   * @param element the type of its elements; null: bytes
   * @param size their number
   */
  record Storage(String key, Element element, long size) {
    /** The number of its bytes; too large for any file where that overflows. */
    long bytes() {
      long width = element == null ? 1 : element.bytes();
      return size > Long.MAX_VALUE / 8 ? Long.MAX_VALUE : size * width;
    }
  }

  /** Bytes of its elements in the file, each counted once. */
  long bytes() {
    return shape.size() * element.bytes();
  }

  /** Whether its elements lie one behind the other in row-major order. */
  private boolean isContiguous() {
    long step = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      if (shape.dim(i) != 1 && strides[i] != step) {
        return shape.size() == 0;
      }
      step *= shape.dim(i);
    }
    return true;
  }

  /**
   * Its values as a tensor of the type that holds them all.
   *
   * @param start of the storage in the file
   */
  Tensor read(InputFile file, long start, Arena arena) {
    DType type = element.natural();
    long first = start + offset * element.bytes();
    if (isContiguous()) {
      return new StoredArray(file, first, element, false, false, shape).read(arena, type);
    }
    Shape extent = Shape.of(extent());
    try (Arena temporary = Arena.host()) {
      Tensor all =
          new StoredArray(file, first, element, false, false, extent).read(temporary, type);
      Tensor tensor = InputFile.allocate(file.path(), arena, type, shape);
      gather(all, tensor);
      return tensor;
    }
  }

  /**
   * Its elements where they are.
   *
   * @param start of the storage in the file
   * @throws io.vicinal.InputException if they do not lie row by row or column by column
   */
  StoredArray stored(InputFile file, long start) {
    boolean columns =
        !isContiguous() && strides.length == 2 && strides[0] == 1 && strides[1] == shape.dim(0);
    if (!columns && !isContiguous()) {
      throw file.problem(
          "has a tensor " + shape + " that is a part of another", "save tensor.contiguous()");
    }
    long first = start + offset * element.bytes();
    return new StoredArray(file, first, element, false, columns, shape);
  }

  /** Elements of the storage from the first to the last. */
  private long extent() {
    long last = 0;
    for (int i = 0; i < strides.length; i++) {
      last += (shape.dim(i) - 1) * strides[i];
    }
    return last + 1;
  }

  private void gather(Tensor from, Tensor to) {
    int width = to.dtype().bytes();
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, to.size()) * width);
    long[] at = new long[strides.length];
    long place = 0;
    long written = 0;
    for (long k = 0; k < to.size(); k++) {
      from.read(place * width, piece.limit(piece.position() + width));
      for (int i = at.length - 1; i >= 0; i--) { // the next in row-major order
        place += strides[i];
        if (++at[i] < shape.dim(i)) {
          break;
        }
        place -= at[i] * strides[i];
        at[i] = 0;
      }
      if (piece.position() == piece.capacity() || k == to.size() - 1) {
        to.write(written, piece.flip());
        written += piece.limit();
        piece.clear();
      }
    }
  }
}
