package io.vicinal.tensor;

import io.vicinal.InputException;
import io.vicinal.process.LibraryFolder;
import io.vicinal.process.Limits;
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

  /**
   * Linux promises memory that it does not have and ends the process when it is touched, so what is
   * handed out is held against what this process may still take. That is read anew when the last
   * reading's allowance is used up.
   */
  private static final class Budget {
    private static final long ALLOWANCE = 64 << 20;
    private long allowed;

    synchronized void take(long bytes) {
      if (bytes > allowed) {
        Limits.MemoryLimit memory = Limits.ofThisProcess().memory(LIVE.get());
        if (bytes > memory.left()) {
          throw outOfMemory(bytes, memory);
        }
        allowed = bytes + Math.min(ALLOWANCE, (memory.left() - bytes) / 4);
      }
      allowed -= bytes;
    }
  }

  private static final Budget BUDGET = new Budget();

  private static volatile boolean loaded;

  /** JavaCPP's own library; a failure is not remembered. */
  private static void load() {
    if (loaded) {
      return;
    }
    try {
      LibraryFolder.prepare("/org/bytedeco/javacpp/linux-x86_64/libjnijavacpp.so");
      Loader.load(Pointer.class);
      Pointer.totalPhysicalBytes(); // the first native call
      loaded = true;
    } catch (LinkageError e) {
      String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
      throw new InputException(
          "native memory is not available on "
              + platform
              + "; run on Linux x86-64 with JavaCPP's library on the class path",
          e);
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
    load();
    BUDGET.take(bytes);
    Pointer pointer = Pointer.calloc(1, bytes + ALIGNMENT);
    if (pointer == null || pointer.isNull()) {
      throw outOfMemory(bytes, Limits.ofThisProcess().memory(LIVE.get()));
    }
    long start = pointer.address();
    long aligned = (start + ALIGNMENT - 1) & -ALIGNMENT;
    blocks.put(aligned, new Block(start, bytes));
    LIVE.addAndGet(bytes);
    return aligned;
  }

  private static InputException outOfMemory(long bytes, Limits.MemoryLimit memory) {
    return new InputException(
        String.format(
            Locale.ROOT,
            "out of memory: %s (%,d bytes) are needed and %s leaves %s of %s; use fewer rows, or"
                + " raise that limit",
            Limits.text(bytes),
            bytes,
            memory.boundBy(),
            Limits.text(memory.left()),
            Limits.text(memory.limit())));
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
