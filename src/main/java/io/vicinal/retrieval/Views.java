package io.vicinal.retrieval;

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
    return new Floats(tensor.address());
  }

  static DoublePointer doubles(Tensor tensor) {
    return new Doubles(tensor.address());
  }

  /** Null for null. */
  static LongPointer longs(Tensor tensor) {
    return tensor == null ? null : new Longs(tensor.address());
  }
}
