package io.vicinal.tensor;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory at an explicit address, for JavaCPP's copies. It owns nothing and registers no
 * deallocator, so making one is a plain Java allocation.
 */
final class Address extends BytePointer {
  Address(long address) {
    super((Pointer) null);
    this.address = address;
  }

  /** A view of {@code count} bytes; the caller keeps the memory mapped while it uses the view. */
  static ByteBuffer view(long address, int count) {
    Address pointer = new Address(address);
    pointer.capacity(count);
    return pointer.asByteBuffer();
  }
}
