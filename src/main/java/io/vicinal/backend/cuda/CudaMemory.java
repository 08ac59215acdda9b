package io.vicinal.backend.cuda;

import io.vicinal.InputException;
import io.vicinal.NativeException;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Memory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The memory of a GPU, through the native library's caching arena. Copies wait for the device. Safe
 * for any thread.
 */
final class CudaMemory implements Memory {
  private static final ConcurrentHashMap<String, CudaMemory> KNOWN = new ConcurrentHashMap<>();

  private final Device device;

  private CudaMemory(String name) {
    device = new Device(name);
  }

  /** The memory of "cuda", which is that of "cuda:0", or of "cuda:N". */
  static CudaMemory of(String name) {
    String canonical = name.equals("cuda:0") ? "cuda" : name;
    CudaMemory known = KNOWN.computeIfAbsent(canonical, CudaMemory::new);
    known.usage(); // whether the device exists
    return known;
  }

  /** Bytes in use, held for reuse, and the limit; 0 for no limit. */
  record Usage(long inUse, long held, long limit) {}

  Usage usage() {
    try (LongPointer cells = new LongPointer(3)) {
      check(Vicinal.vicinal_memory_usage(device.name(), at(cells, 0), at(cells, 1), at(cells, 2)));
      return new Usage(cells.get(0), cells.get(1), cells.get(2));
    }
  }

  private static LongPointer at(LongPointer cells, int i) {
    return new LongPointer(cells).position(i);
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public long allocate(long bytes) {
    Raw cell = new Raw(0); // receives the address
    check(Vicinal.vicinal_memory_allocate(device.name(), bytes, cell));
    return cell.address();
  }

  @Override
  public void release(long address) {
    check(Vicinal.vicinal_memory_release(device.name(), new Raw(address)));
  }

  @Override
  public void zero(long address, long bytes) {
    check(Vicinal.vicinal_memory_zero(device.name(), new Raw(address), bytes));
  }

  @Override
  public void write(long address, ByteBuffer source) {
    int count = source.remaining();
    if (count == 0) {
      return;
    }
    if (source.isDirect()) {
      try (BytePointer view = new BytePointer(source)) {
        check(Vicinal.vicinal_memory_write(device.name(), new Raw(address), view, count));
      }
      source.position(source.limit());
    } else {
      byte[] bytes = new byte[count];
      source.get(bytes);
      try (BytePointer copy = new BytePointer(bytes)) {
        check(Vicinal.vicinal_memory_write(device.name(), new Raw(address), copy, count));
      }
    }
  }

  @Override
  public void read(long address, ByteBuffer destination) {
    int count = destination.remaining();
    if (count == 0) {
      return;
    }
    try (BytePointer copy = new BytePointer(count)) {
      check(Vicinal.vicinal_memory_read(device.name(), copy, new Raw(address), count));
      byte[] bytes = new byte[count];
      copy.get(bytes);
      destination.put(bytes);
    }
  }

  private static void check(int status) {
    switch (status) {
      case Vicinal.VICINAL_OK -> {
        return;
      }
      case Vicinal.VICINAL_INVALID_ARGUMENT,
          Vicinal.VICINAL_UNAVAILABLE,
          Vicinal.VICINAL_OUT_OF_MEMORY ->
          throw new InputException(Vicinal.vicinal_last_error().getString(StandardCharsets.UTF_8));
      default ->
          throw new NativeException(
              status, Vicinal.vicinal_last_error().getString(StandardCharsets.UTF_8));
    }
  }

  /** An address without an owner. */
  private static final class Raw extends Pointer {
    Raw(long at) {
      super((Pointer) null);
      address = at;
    }
  }
}
