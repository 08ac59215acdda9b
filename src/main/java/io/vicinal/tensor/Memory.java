package io.vicinal.tensor;

import java.nio.ByteBuffer;

/**
 * Raw memory of a device: what an {@link Arena} is built on. Implementations are safe for any
 * number of threads, as long as no two of them touch the same bytes.
 */
public interface Memory {
  /** The device whose memory this is. */
  Device device();

  /**
   * Reserves zero-filled memory, aligned to 64 bytes.
   *
   * @param bytes 1 or more
   * @throws io.vicinal.InputException if the device has not that much
   */
  long allocate(long bytes);

  /** Frees what {@link #allocate} returned. */
  void release(long address);

  /** Fills {@code bytes} bytes with zeros. */
  void zero(long address, long bytes);

  /** Copies the remaining bytes of {@code source} to {@code address}. */
  void write(long address, ByteBuffer source);

  /** Fills the remaining bytes of {@code destination} from {@code address}. */
  void read(long address, ByteBuffer destination);
}
