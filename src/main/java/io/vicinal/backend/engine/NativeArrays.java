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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.javacpp.BytePointer;

/**
 * The array arguments of one engine's calls: native structures that every call fills anew, and the
 * lease of their memory while it lasts. For one thread at a time. What outlives a call is retained:
 * a {@code PointerScope} that is open on the caller's thread does not free it.
 */
final class NativeArrays {
  private static final int FEW = 16; // as many as any entry takes, programs aside

  /** Argument names are few, and live as long as the process. */
  private static final Map<String, BytePointer> NAMES = new ConcurrentHashMap<>();

  private final Device device;
  private final int size;
  private final int name;
  private final int data;
  private final int dtype;
  private final int ndim;
  private final int shape;
  private ArrayStruct all;
  private ArrayStruct[] each;
  private String[] names;
  private ByteBuffer memory; // a field takes a nanosecond
  private int used;
  private Lease lease;

  NativeArrays(Device device) {
    this.device = device;
    make(FEW);
    size = all.sizeof();
    name = all.offsetof("name");
    data = all.offsetof("data");
    dtype = all.offsetof("dtype");
    ndim = all.offsetof("ndim");
    shape = all.offsetof("shape");
  }

  private void make(int count) {
    all = new ArrayStruct(count).retainReference();
    memory = all.limit(count).asByteBuffer();
    names = new String[count];
    each = new ArrayStruct[count];
    for (int i = 0; i < count; i++) {
      each[i] = all.getPointer(i);
    }
  }

  /**
   * The next arguments, which lie one after the other; {@code more} will follow in the same call.
   */
  ArrayStruct next(String operation, List<String> arguments, List<Tensor> tensors, int more) {
    if (arguments.size() != tensors.size()) {
      throw new InputException(
          operation + ": " + tensors.size() + " arrays where " + arguments.size() + " are needed");
    }
    int first = used;
    int needed = first + arguments.size() + more;
    if (needed > each.length) {
      if (first > 0) {
        throw new IllegalStateException("arguments are handed out and cannot move");
      }
      free();
      make(needed);
    }
    for (int i = 0; i < arguments.size(); i++) {
      next(operation, arguments.get(i), tensors.get(i));
    }
    return each[first];
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
    return new BytePointer(argument, StandardCharsets.UTF_8).retainReference();
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
