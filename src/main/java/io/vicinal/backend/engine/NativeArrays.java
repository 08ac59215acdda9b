package io.vicinal.backend.engine;

import io.vicinal.InputException;
import io.vicinal.backend.jni.ArrayStruct;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Lease;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;

/**
 * The array arguments of one engine's calls: native structures that every call fills anew, and the
 * lease of their memory while it lasts. For one thread at a time.
 */
final class NativeArrays {
  private static final int MOST = 16; // more than any entry takes

  /** Argument names are few, and live as long as the process. */
  private static final Map<String, BytePointer> NAMES = new ConcurrentHashMap<>();

  private final Device device;
  private final ArrayStruct all = new ArrayStruct(MOST);
  private final ArrayStruct[] each = new ArrayStruct[MOST];
  private final String[] names = new String[MOST];
  private final ByteBuffer memory = all.limit(MOST).asByteBuffer(); // a field takes a nanosecond
  private final int size = all.sizeof();
  private final int name = all.offsetof("name");
  private final int data = all.offsetof("data");
  private final int dtype = all.offsetof("dtype");
  private final int ndim = all.offsetof("ndim");
  private final int shape = all.offsetof("shape");
  private int used;
  private Lease lease;

  NativeArrays(Device device) {
    this.device = device;
    for (int i = 0; i < MOST; i++) {
      each[i] = all.getPointer(i);
    }
  }

  /** The next argument; without data where {@code tensor} is null. */
  ArrayStruct next(String operation, String argument, Tensor tensor) {
    int at = used * size;
    if (argument != names[used]) { // a loop's call mostly has the same
      memory.putLong(at + name, NAMES.computeIfAbsent(argument, NativeArrays::text).address());
      names[used] = argument;
    }
    memory.putLong(at + data, tensor == null ? 0 : hold(operation, argument, tensor));
    memory.putInt(at + ndim, 0);
    if (tensor != null) {
      int rank = tensor.shape().rank();
      if (rank > Vicinal.VICINAL_MOST_DIMENSIONS) {
        throw new InputException(
            operation + ": " + argument + " has " + rank + " dimensions; give 8 or fewer");
      }
      memory.putInt(at + dtype, number(tensor.dtype()));
      memory.putInt(at + ndim, rank);
      for (int i = 0; i < rank; i++) {
        memory.putLong(at + shape + i * Long.BYTES, tensor.dim(i));
      }
    }
    return each[used++];
  }

  /** The device works on tensors of its own memory and of the host's. */
  private long hold(String operation, String argument, Tensor tensor) {
    Device where = tensor.device();
    if (!where.equals(device) && !where.equals(Device.CPU)) {
      throw new InputException(
          operation
              + ": "
              + argument
              + " lies on "
              + where
              + " where "
              + device
              + " is expected; copy it");
    }
    if (lease == null) {
      lease = Lease.of();
    }
    return lease.hold(tensor);
  }

  private static int number(DType type) {
    return switch (type) {
      case F32 -> Vicinal.VICINAL_F32;
      case F64 -> Vicinal.VICINAL_F64;
      case I64 -> Vicinal.VICINAL_I64;
    };
  }

  private static BytePointer text(String argument) {
    return new BytePointer(argument, StandardCharsets.UTF_8);
  }

  /** Ends a call. */
  void release() {
    used = 0;
    if (lease != null) {
      lease.close();
      lease = null;
    }
  }

  void free() {
    all.close();
  }
}
