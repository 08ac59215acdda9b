package io.vicinal.tensor;

import io.vicinal.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.IntConsumer;

/**
 * A view of an arena's memory: a device, an element type and a shape, row-major and compact. It
 * owns nothing. Used after its arena was closed or reset it throws {@link IllegalStateException}.
 *
 * <p>Thread safety: the view itself is immutable; its contents have no lock. Reading from several
 * threads is fine while nobody writes.
 */
public final class Tensor {
  /** Bytes that one copy stages: small enough for a core's second-level cache. */
  private static final int STAGE = 256 << 10;

  private final Arena arena;
  private final long generation;
  private final DType dtype;
  private final Shape shape;
  private final long address;

  Tensor(Arena arena, long generation, DType dtype, Shape shape, long address) {
    this.arena = arena;
    this.generation = generation;
    this.dtype = dtype;
    this.shape = shape;
    this.address = address;
  }

  /** Type of the elements. */
  public DType dtype() {
    return dtype;
  }

  /** Lengths of the dimensions. */
  public Shape shape() {
    return shape;
  }

  /** Length of dimension {@code i}. */
  public long dim(int i) {
    return shape.dim(i);
  }

  /** Number of elements. */
  public long size() {
    return shape.size();
  }

  /** Number of bytes of the elements. */
  public long byteSize() {
    return shape.size() * dtype.bytes();
  }

  /** Where the memory lies. */
  public Device device() {
    return arena.memory().device();
  }

  Arena arena() {
    return arena;
  }

  /**
   * The first element's address on its device; for backends, which hold a {@link Lease} while they
   * use it.
   *
   * @throws IllegalStateException if the arena was closed or reset
   */
  public long address() {
    arena.check(generation);
    return address;
  }

  /**
   * A view of rows {@code from} (inclusive) to {@code to} (exclusive) of the leading dimension.
   *
   * @throws InputException if the range is not inside the tensor, or the tensor is a scalar
   */
  public Tensor rows(long from, long to) {
    arena.check(generation);
    if (shape.rank() == 0 || from < 0 || to < from || to > shape.dim(0)) {
      throw new InputException(
          "rows " + from + ".." + to + " are outside a tensor of shape " + shape);
    }
    long[] dims = shape.dims();
    long stride = 1;
    for (int i = 1; i < dims.length; i++) {
      stride *= dims[i];
    }
    dims[0] = to - from;
    return new Tensor(
        arena, generation, dtype, Shape.of(dims), address + from * stride * dtype.bytes());
  }

  /**
   * The same elements under another shape.
   *
   * @throws InputException if the number of elements differs
   */
  public Tensor reshape(long... dims) {
    arena.check(generation);
    Shape other = Shape.of(dims);
    if (other.size() != shape.size()) {
      throw new InputException(
          "shape " + shape + " cannot become " + other + ": the number of elements differs");
    }
    return new Tensor(arena, generation, dtype, other, address);
  }

  /**
   * Overwrites the elements, converted to this tensor's floating-point type; {@code values} has
   * {@link #size()} of them.
   */
  public void set(float[] values) {
    checkCount(values.length);
    if (dtype == DType.F32) {
      store((bytes, from, count) -> bytes.asFloatBuffer().put(values, from, count));
    } else {
      checkFloat("float[]");
      store((bytes, from, count) -> each(count, k -> bytes.putDouble(8 * k, values[from + k])));
    }
  }

  /**
   * As {@link #set(float[])}, from a buffer's position on, which has {@link #size()} numbers left,
   * on the Java heap or direct; its position moves to its limit.
   */
  public void set(FloatBuffer values) {
    checkCount(values.remaining());
    checkFloat("FloatBuffer");
    store(
        (bytes, from, count) -> {
          if (dtype == DType.F32) {
            bytes.asFloatBuffer().put(values.slice().limit(count));
            values.position(values.position() + count);
          } else {
            each(count, k -> bytes.putDouble(8 * k, values.get()));
          }
        });
  }

  /** As {@link #set(float[])}; into F32 the values are rounded to nearest. */
  public void set(double[] values) {
    checkCount(values.length);
    if (dtype == DType.F64) {
      store((bytes, from, count) -> bytes.asDoubleBuffer().put(values, from, count));
    } else {
      checkFloat("double[]");
      store(
          (bytes, from, count) ->
              each(count, k -> bytes.putFloat(4 * k, (float) values[from + k])));
    }
  }

  /** Overwrites the elements of an I64 tensor. */
  public void set(long[] values) {
    checkCount(values.length);
    if (dtype != DType.I64) {
      throw new InputException(
          "a tensor " + dtype + " cannot be set from long[]; allocate it as I64");
    }
    store((bytes, from, count) -> bytes.asLongBuffer().put(values, from, count));
  }

  /** The elements of a floating-point tensor; F64 is rounded to nearest. */
  public float[] toFloats() {
    checkFloat("float[]");
    float[] values = new float[javaLength()];
    if (dtype == DType.F32) {
      load((bytes, from, count) -> bytes.asFloatBuffer().get(values, from, count));
    } else {
      load(
          (bytes, from, count) ->
              each(count, k -> values[from + k] = (float) bytes.getDouble(8 * k)));
    }
    return values;
  }

  /**
   * Puts the elements of a floating-point tensor, F64 rounded to nearest, into a buffer from its
   * position on, which moves behind them.
   *
   * @throws InputException if the buffer has no room for {@link #size()} numbers; nothing is put
   */
  public void get(FloatBuffer values) {
    checkFloat("FloatBuffer");
    if (values.remaining() < size()) {
      throw new InputException(
          "a buffer with room for "
              + values.remaining()
              + " numbers is too small for shape "
              + shape
              + "; give a larger one");
    }
    load(
        (bytes, from, count) -> {
          if (dtype == DType.F32) {
            values.put(bytes.asFloatBuffer().limit(count));
          } else {
            each(count, k -> values.put((float) bytes.getDouble(8 * k)));
          }
        });
  }

  /** The elements of a floating-point tensor. */
  public double[] toDoubles() {
    checkFloat("double[]");
    double[] values = new double[javaLength()];
    if (dtype == DType.F64) {
      load((bytes, from, count) -> bytes.asDoubleBuffer().get(values, from, count));
    } else {
      load((bytes, from, count) -> each(count, k -> values[from + k] = bytes.getFloat(4 * k)));
    }
    return values;
  }

  /** The elements of an I64 tensor. */
  public long[] toLongs() {
    if (dtype != DType.I64) {
      throw new InputException("a tensor " + dtype + " has no integers to read; it must be I64");
    }
    long[] values = new long[javaLength()];
    load((bytes, from, count) -> bytes.asLongBuffer().get(values, from, count));
    return values;
  }

  /**
   * One element of a floating-point tensor, by its row-major index. A call each: use {@link
   * #toDoubles} for many.
   */
  public double at(long flatIndex) {
    checkFloat("double");
    ByteBuffer bytes = element(flatIndex);
    return dtype == DType.F32 ? bytes.getFloat(0) : bytes.getDouble(0);
  }

  /** One element of an I64 tensor, by its row-major index. */
  public long longAt(long flatIndex) {
    if (dtype != DType.I64) {
      throw new InputException("a tensor " + dtype + " has no integers to read; it must be I64");
    }
    return element(flatIndex).getLong(0);
  }

  private ByteBuffer element(long flatIndex) {
    if (flatIndex < 0 || flatIndex >= size()) {
      throw new IndexOutOfBoundsException(
          "element " + flatIndex + " of a tensor of shape " + shape);
    }
    ByteBuffer bytes = ByteBuffer.allocate(dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    read(flatIndex * dtype.bytes(), bytes);
    return bytes;
  }

  /**
   * Copies another tensor's elements, in row-major order, converting between F32 and F64 (rounded
   * to nearest).
   *
   * @throws InputException if the sizes differ, or one is I64 and the other is not
   */
  public void copyFrom(Tensor other) {
    if (other.size() != size()) {
      throw new InputException(
          "cannot copy shape "
              + other.shape
              + " into "
              + shape
              + ": the number of elements differs");
    }
    if (other.dtype.isFloat() != dtype.isFloat()) {
      throw new InputException(
          "cannot copy a tensor " + other.dtype + " into one of type " + dtype);
    }
    int step = STAGE / 8;
    ByteBuffer source = stage((long) step * other.dtype.bytes());
    ByteBuffer target = dtype == other.dtype ? source : stage((long) step * dtype.bytes());
    for (long from = 0; from < size(); from += step) {
      int count = (int) Math.min(step, size() - from);
      other.read(from * other.dtype.bytes(), source.clear().limit(count * other.dtype.bytes()));
      if (dtype != other.dtype) {
        convert(source, target.clear().limit(count * dtype.bytes()), count);
      }
      write(from * dtype.bytes(), target.position(0));
    }
  }

  /** Whole arrays at a time: the loops in between are ones that the compiler vectorises. */
  private void convert(ByteBuffer source, ByteBuffer target, int count) {
    float[] singles = new float[count];
    double[] doubles = new double[count];
    if (dtype == DType.F64) {
      source.position(0).asFloatBuffer().get(singles);
      for (int k = 0; k < count; k++) {
        doubles[k] = singles[k];
      }
      target.position(0).asDoubleBuffer().put(doubles);
    } else {
      source.position(0).asDoubleBuffer().get(doubles);
      for (int k = 0; k < count; k++) {
        singles[k] = (float) doubles[k];
      }
      target.position(0).asFloatBuffer().put(singles);
    }
  }

  /**
   * Copies the remaining bytes of {@code source}, little-endian elements, to byte {@code offset} of
   * this tensor.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void write(long offset, ByteBuffer source) {
    checkBytes(offset, source.remaining());
    arena.hold();
    try {
      arena.memory().write(address() + offset, source);
    } finally {
      arena.unhold();
    }
  }

  /**
   * Fills the remaining bytes of {@code destination} with this tensor's little-endian elements from
   * byte {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if there are not that many
   */
  public void read(long offset, ByteBuffer destination) {
    checkBytes(offset, destination.remaining());
    arena.hold();
    try {
      arena.memory().read(address() + offset, destination);
    } finally {
      arena.unhold();
    }
  }

  private interface Chunk {
    void copy(ByteBuffer bytes, int from, int count);
  }

  private void store(Chunk chunk) {
    int step = STAGE / dtype.bytes();
    ByteBuffer bytes = stage(byteSize());
    for (long from = 0; from < size(); from += step) {
      int count = (int) Math.min(step, size() - from);
      chunk.copy(bytes.clear(), (int) from, count);
      write(from * dtype.bytes(), bytes.limit(count * dtype.bytes()));
    }
    arena.check(generation);
  }

  private void load(Chunk chunk) {
    int step = STAGE / dtype.bytes();
    ByteBuffer bytes = stage(byteSize());
    for (long from = 0; from < size(); from += step) {
      int count = (int) Math.min(step, size() - from);
      read(from * dtype.bytes(), bytes.clear().limit(count * dtype.bytes()));
      chunk.copy(bytes.clear(), (int) from, count);
    }
    arena.check(generation);
  }

  private static ByteBuffer stage(long needed) {
    return ByteBuffer.allocate((int) Math.min(STAGE, needed)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void each(int count, IntConsumer element) {
    for (int k = 0; k < count; k++) {
      element.accept(k);
    }
  }

  private int javaLength() {
    if (size() > Integer.MAX_VALUE - 8) {
      throw new InputException(
          "shape " + shape + " has too many elements for a Java array; read it by rows()");
    }
    return (int) size();
  }

  private void checkCount(int count) {
    if (count != size()) {
      throw new InputException(
          count + " values do not fill shape " + shape + ", which has " + size() + " elements");
    }
  }

  private void checkFloat(String what) {
    if (!dtype.isFloat()) {
      throw new InputException(
          "a tensor " + dtype + " and " + what + " do not convert; use long[]");
    }
  }

  private void checkBytes(long offset, long count) {
    if (offset < 0 || count > byteSize() - offset) {
      throw new IndexOutOfBoundsException(
          count + " bytes at " + offset + " of a tensor with " + byteSize() + " bytes");
    }
  }

  @Override
  public String toString() {
    return dtype + " " + shape + " on " + device();
  }
}
