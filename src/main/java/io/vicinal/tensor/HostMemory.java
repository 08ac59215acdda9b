package io.vicinal.tensor;

import io.vicinal.InputException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/** The process's own memory outside the Java heap, counted. Safe for any thread. */
public final class HostMemory implements Memory {
  /** A cache line, and the widest vector register. */
  private static final long ALIGNMENT = 64;

  private static final HostMemory INSTANCE = new HostMemory();
  private static final AtomicLong LIVE = new AtomicLong();

  /** What the allocator returned for an aligned address, and how much was asked for. */
  private record Block(long start, long bytes) {}

  private final ConcurrentHashMap<Long, Block> blocks = new ConcurrentHashMap<>();

  private HostMemory() {}

  /** Tries JavaCPP's own library once; the outcome is kept, a failure too. */
  private record Allocator(long physicalBytes, String problem) {
    static final Allocator LOADED = load();

    private static Allocator load() {
      try {
        Loader.load(Pointer.class);
        return new Allocator(Pointer.totalPhysicalBytes(), null);
      } catch (LinkageError | RuntimeException e) {
        String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        return new Allocator(
            0,
            "native memory is not available on "
                + platform
                + "; run on Linux x86-64 with JavaCPP's library on the class path");
      }
    }
  }

  /** The one instance. */
  public static HostMemory get() {
    return INSTANCE;
  }

  /** Bytes that are allocated and not yet released, in the whole process. */
  public static long liveBytes() {
    return LIVE.get();
  }

  @Override
  public Device device() {
    return Device.CPU;
  }

  @Override
  public long allocate(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes: " + bytes);
    }
    if (Allocator.LOADED.problem != null) {
      throw new InputException(Allocator.LOADED.problem);
    }
    // Linux promises memory that it does not have; asking for more than the machine holds can only
    // end badly.
    if (Allocator.LOADED.physicalBytes > 0 && bytes > Allocator.LOADED.physicalBytes) {
      throw outOfMemory(bytes);
    }
    Pointer pointer = Pointer.calloc(1, bytes + ALIGNMENT);
    if (pointer == null || pointer.isNull()) {
      throw outOfMemory(bytes);
    }
    long start = pointer.address();
    long aligned = (start + ALIGNMENT - 1) & -ALIGNMENT;
    blocks.put(aligned, new Block(start, bytes));
    LIVE.addAndGet(bytes);
    return aligned;
  }

  private static InputException outOfMemory(long bytes) {
    return new InputException(
        String.format(
            Locale.ROOT,
            "out of memory: %,d bytes are needed and the machine has %,d; use fewer rows or a machine with more memory",
            bytes,
            Allocator.LOADED.physicalBytes));
  }

  @Override
  public void release(long address) {
    Block block = blocks.remove(address);
    if (block == null) {
      throw new IllegalStateException("this memory was released before");
    }
    Pointer.free(new Address(block.start));
    LIVE.addAndGet(-block.bytes);
  }

  @Override
  public void zero(long address, long bytes) {
    Pointer.memset(new Address(address), 0, bytes);
  }

  @Override
  public void write(long address, ByteBuffer source) {
    if (source.hasRemaining()) {
      Address.view(address, source.remaining()).put(source);
    }
  }

  @Override
  public void read(long address, ByteBuffer destination) {
    if (destination.hasRemaining()) {
      destination.put(Address.view(address, destination.remaining()));
    }
  }
}
