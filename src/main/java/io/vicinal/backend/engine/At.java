package io.vicinal.backend.engine;

import io.vicinal.tensor.Tensor;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Typed addresses of tensors for the binding. They own nothing and have no deallocator; null stays
 * null.
 */
final class At {
  private At() {}

  static FloatPointer f32(Tensor tensor) {
    return tensor == null ? null : new Floats(tensor.address());
  }

  static DoublePointer f64(Tensor tensor) {
    return tensor == null ? null : new Doubles(tensor.address());
  }

  static LongPointer i64(Tensor tensor) {
    return tensor == null ? null : new Longs(tensor.address());
  }

  static BytePointer bytes(Tensor tensor) {
    return tensor == null ? null : new Bytes(tensor.address());
  }

  private static final class Floats extends FloatPointer {
    Floats(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  private static final class Doubles extends DoublePointer {
    Doubles(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  private static final class Longs extends LongPointer {
    Longs(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  private static final class Bytes extends BytePointer {
    Bytes(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }
}
