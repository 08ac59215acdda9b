package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * JavaCPP views of tensors, without an owner; the caller holds a {@link io.vicinal.tensor.Lease}
 * while native code uses them.
 */
final class Views {
  private Views() {}

  private static final class Floats extends FloatPointer {
    Floats(long at) {
      super((Pointer) null);
      address = at;
    }
  }

  private static final class Doubles extends DoublePointer {
    Doubles(long at) {
      super((Pointer) null);
      address = at;
    }
  }

  private static final class Longs extends LongPointer {
    Longs(long at) {
      super((Pointer) null);
      address = at;
    }
  }

  static FloatPointer floats(Tensor tensor) {
    return new Floats(onHost(tensor).address());
  }

  static DoublePointer doubles(Tensor tensor) {
    return new Doubles(onHost(tensor).address());
  }

  /** FAISS reads the processor's memory only. */
  private static Tensor onHost(Tensor tensor) {
    if (!tensor.device().equals(Device.CPU)) {
      throw new InputException(
          "neighbours: a tensor lies on "
              + tensor.device()
              + " where cpu is expected; copy it into an arena of the host");
    }
    return tensor;
  }

  /** Null for null. */
  static LongPointer longs(Tensor tensor) {
    return tensor == null ? null : new Longs(onHost(tensor).address());
  }
}
