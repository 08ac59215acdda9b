package io.vicinal.tensor;

import io.vicinal.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * The only owner of tensor memory. Tensors are cut from blocks that the arena keeps; {@link #reset}
 * forgets the tensors and keeps the blocks, so a step that allocates the same shapes again and
 * again reserves memory once. {@link #close} frees everything.
 *
 * <p>Thread safety: every method may be called from any thread. A tensor's <em>contents</em> have
 * no lock: two threads that write the same tensor must agree on an order themselves.
 */
public final class Arena implements AutoCloseable {
  private static final long ALIGNMENT = 64;
  private static final long SMALLEST_BLOCK = 4 << 10;

  /**
   * Beyond this an allocation gets a block of its own size, so that no more than this is ever
   * wasted.
   */
  private static final long LARGEST_SHARED_BLOCK = 1 << 20;

  private static final class Block {
    final long address;
    final long bytes;
    long used;
    long dirty; // everything from here on is still zero

    Block(long address, long bytes) {
      this.address = address;
      this.bytes = bytes;
    }
  }

  private final Memory memory;
  private final List<Block> blocks = new ArrayList<>();
  private final List<Runnable> adopted = new ArrayList<>();
  private long bytes;
  private long generation;
  private int holds;
  private boolean closed;

  /**
   * @param memory where tensors lie
   */
  public Arena(Memory memory) {
    this.memory = memory;
  }

  /** An arena in the process's memory. */
  public static Arena host() {
    return new Arena(HostMemory.get());
  }

  /**
   * A zero-filled tensor.
   *
   * @throws InputException if there is not enough memory or the shape overflows
   */
  public Tensor allocate(DType type, long... shape) {
    return allocate(type, Shape.of(shape));
  }

  /** As {@link #allocate(DType, long...)}. */
  public synchronized Tensor allocate(DType type, Shape shape) {
    checkOpen();
    long needed;
    try {
      needed = Math.multiplyExact(shape.size(), (long) type.bytes());
      Math.addExact(needed, 4 * ALIGNMENT);
    } catch (ArithmeticException e) {
      throw new InputException(
          "a tensor " + type + " " + shape + " has more than 2^63 bytes; use a smaller shape", e);
    }
    long rounded = Math.max(ALIGNMENT, (needed + ALIGNMENT - 1) & -ALIGNMENT);
    Block block = blockFor(type, shape, rounded);
    long offset = block.used;
    if (offset < block.dirty) {
      memory.zero(block.address + offset, Math.min(rounded, block.dirty - offset));
    }
    block.used += rounded;
    block.dirty = Math.max(block.dirty, block.used);
    return new Tensor(this, generation, type, shape, block.address + offset);
  }

  private Block blockFor(DType type, Shape shape, long rounded) {
    for (Block block : blocks) {
      if (block.bytes - block.used >= rounded) {
        return block;
      }
    }
    long size = Math.max(rounded, Math.min(LARGEST_SHARED_BLOCK, Math.max(SMALLEST_BLOCK, bytes)));
    long address;
    try {
      address = memory.allocate(size);
    } catch (InputException e) {
      throw new InputException("a tensor " + type + " " + shape + ": " + e.getMessage(), e);
    }
    Block block = new Block(address, size);
    blocks.add(block);
    bytes += size;
    return block;
  }

  /**
   * A tensor over memory of this arena's device that somebody else made, such as a mapped file. The
   * arena owns it from now on; it is not counted in {@link #bytes}.
   *
   * @param address of {@code shape.size() * type.bytes()} bytes
   * @param release gives the memory back; called once, on {@link #reset} or {@link #close} and
   *     never while a call works on it
   */
  public synchronized Tensor adopt(DType type, Shape shape, long address, Runnable release) {
    checkOpen();
    adopted.add(release);
    return new Tensor(this, generation, type, shape, address);
  }

  private void releaseAdopted() {
    adopted.forEach(Runnable::run);
    adopted.clear();
  }

  /** A tensor F32 with these values, row-major. */
  public Tensor of(float[] values, long... shape) {
    Tensor tensor = allocate(DType.F32, shape);
    tensor.set(values);
    return tensor;
  }

  /** A tensor F64 with these values, row-major. */
  public Tensor of(double[] values, long... shape) {
    Tensor tensor = allocate(DType.F64, shape);
    tensor.set(values);
    return tensor;
  }

  /** A tensor I64 with these values, row-major. */
  public Tensor of(long[] values, long... shape) {
    Tensor tensor = allocate(DType.I64, shape);
    tensor.set(values);
    return tensor;
  }

  /**
   * Invalidates every tensor of this arena and keeps the memory for the next ones; adopted memory
   * is given back.
   *
   * @throws IllegalStateException if the arena is closed, or a native call still works on its
   *     memory
   */
  public synchronized void reset() {
    checkOpen();
    if (holds > 0) {
      throw new IllegalStateException(
          "a call that uses this arena's tensors has not returned: reset it afterwards");
    }
    generation++;
    releaseAdopted();
    for (Block block : blocks) {
      block.used = 0;
    }
  }

  /** Where this arena's tensors lie. */
  public Device device() {
    return memory.device();
  }

  /** Bytes that this arena has reserved. */
  public synchronized long bytes() {
    return bytes;
  }

  /**
   * Invalidates every tensor and frees the memory, at once or when the last call that uses it
   * returns. Idempotent.
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      generation++;
      freeWhenIdle();
    }
  }

  private void freeWhenIdle() {
    if (closed && holds == 0) {
      releaseAdopted();
      for (Block block : blocks) {
        memory.release(block.address);
      }
      blocks.clear();
      bytes = 0;
    }
  }

  synchronized void hold() {
    checkOpen();
    holds++;
  }

  synchronized void unhold() {
    holds--;
    freeWhenIdle();
  }

  synchronized void check(long tensorGeneration) {
    checkOpen();
    if (tensorGeneration != generation) {
      throw new IllegalStateException("this tensor's arena was reset: allocate it again");
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this arena is closed");
    }
  }

  Memory memory() {
    return memory;
  }
}
