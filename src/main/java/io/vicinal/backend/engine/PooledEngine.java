package io.vicinal.backend.engine;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.NativeException;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.NativeLoss;
import io.vicinal.backend.Update;
import io.vicinal.backend.jni.ArrayStruct;
import io.vicinal.backend.jni.Engine;
import io.vicinal.backend.jni.EngineOptions;
import io.vicinal.backend.jni.LossStruct;
import io.vicinal.backend.jni.UpdateStruct;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.nio.DoubleBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * A native engine with the few bytes that a call needs beside it: the loss structure, the
 * arguments' and two result cells. One thread at a time calls; {@link #cancelIfInterrupted} may
 * come from another. A {@code PointerScope} of the caller does not free it.
 */
final class PooledEngine {
  private static final List<String> ISAS = List.of("auto", "base", "avx2", "avx512");
  private static final List<String> PRECISIONS = List.of("float32", "tf32", "bfloat16");

  private final Engine handle = new Engine();
  private final NativeLoss spec = new NativeLoss();
  private final DoublePointer lossCell = new DoublePointer(1).retainReference();
  private final LongPointer countCell = new LongPointer(1).retainReference();
  private final DoubleBuffer loss = lossCell.asBuffer(); // read without a native call
  private final LongBuffer count = countCell.asBuffer();
  private final NativeUpdates updates = new NativeUpdates();
  private final NativeArrays arrays;
  private String operation; // of the call under way
  private Thread caller; // guarded by this

  PooledEngine(Device device, BackendOptions options) {
    try (EngineOptions struct = new EngineOptions()) {
      struct.struct_size(struct.sizeof());
      struct.threads(options.threads());
      struct.workspace_bytes(options.workspaceBytes());
      struct.isa(ISAS.indexOf(options.isa()));
      struct.precision(PRECISIONS.indexOf(options.precision()));
      check("open", Vicinal.vicinal_engine_create(device.name(), struct, handle));
    }
    arrays = new NativeArrays(device);
  }

  Engine handle() {
    return handle;
  }

  LossStruct loss(LossSpec loss) {
    return spec.of(loss);
  }

  UpdateStruct updates(List<Update> of) {
    return updates.of(of);
  }

  /**
   * An array argument of the call under way; what is null is not given. Its memory is held until
   * the call ends.
   */
  ArrayStruct array(String name, Tensor tensor) {
    return arrays.next(operation, name, tensor);
  }

  /**
   * Array arguments that lie one after the other.
   *
   * @param more how many follow in the same call
   */
  ArrayStruct arrays(List<String> names, List<Tensor> tensors, int more) {
    return arrays.next(operation, names, tensors, more);
  }

  DoublePointer lossCell() {
    return lossCell;
  }

  LongPointer countCell() {
    return countCell;
  }

  LossValue lossValue() {
    return new LossValue(loss.get(0), count.get(0));
  }

  long count() {
    return count.get(0);
  }

  double number() {
    return loss.get(0);
  }

  String isa() {
    return Vicinal.vicinal_engine_isa(handle).getString(StandardCharsets.UTF_8);
  }

  String blas() {
    return Vicinal.vicinal_engine_blas(handle).getString(StandardCharsets.UTF_8);
  }

  int threads() {
    return Vicinal.vicinal_engine_threads(handle);
  }

  void enter(String begun) {
    operation = begun;
    synchronized (this) {
      caller = Thread.currentThread();
    }
  }

  void exit() {
    synchronized (this) {
      caller = null;
    }
    arrays.release();
  }

  /**
   * Asks the call in flight to stop if its thread was interrupted; asked again until it returns,
   * since a call that just starts forgets.
   */
  synchronized void cancelIfInterrupted() {
    if (caller != null && caller.isInterrupted()) {
      Vicinal.vicinal_engine_cancel(handle);
    }
  }

  /**
   * Turns a status into the exception that the caller sees; on the thread of the call, right after
   * it.
   */
  static void check(String operation, int status) {
    if (status == Vicinal.VICINAL_OK) {
      return;
    }
    BytePointer text = Vicinal.vicinal_last_error();
    String sentence =
        operation + ": " + (text == null ? "failed" : text.getString(StandardCharsets.UTF_8));
    switch (status) {
      case Vicinal.VICINAL_CANCELLED -> throw new CancelledException(operation);
      case Vicinal.VICINAL_INVALID_ARGUMENT, Vicinal.VICINAL_UNAVAILABLE ->
          throw new InputException(sentence);
      case Vicinal.VICINAL_OUT_OF_MEMORY ->
          throw new InputException(
              sentence + "; use fewer rows, a smaller workspace or a machine with more memory");
      default -> throw new NativeException(status, sentence);
    }
  }

  void destroy() {
    synchronized (this) {
      Vicinal.vicinal_engine_destroy(handle);
      handle.setNull();
    }
    spec.close();
    lossCell.close();
    countCell.close();
    updates.free();
    arrays.free();
  }
}
