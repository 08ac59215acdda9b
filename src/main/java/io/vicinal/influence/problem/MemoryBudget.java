package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.process.Limits;
import io.vicinal.tensor.HostMemory;

/**
 * What a problem and its solves may hold. Checked before something large is allocated, so that a
 * refusal comes at once and in one line. Immutable, safe for any thread.
 *
 * @param bytes the limit
 * @param held already
 */
public record MemoryBudget(long bytes, long held) {
  private static final double SHARE = 0.8;

  /** A limit, 0 for four fifths of what this process may still take. */
  public static MemoryBudget of(long bytes) {
    return new MemoryBudget(
        bytes > 0
            ? bytes
            : (long) (SHARE * Limits.ofThisProcess().memory(HostMemory.liveBytes()).left()),
        0);
  }

  /** The same limit with so much of it taken. */
  MemoryBudget holding(long taken) {
    return new MemoryBudget(bytes, taken);
  }

  /** Bytes that are free. */
  public long left() {
    return bytes - held;
  }

  /**
   * @throws InputException if {@code more} bytes do not fit beside what is held, saying {@code
   *     remedy}
   */
  public void check(String what, long more, String remedy) {
    if (held + more > bytes) {
      throw new InputException(
          "memory: " + what + " needs " + text(held + more) + " of " + text(bytes) + "; " + remedy);
    }
  }

  /** Bytes in words. */
  public static String text(long bytes) {
    return Limits.text(bytes);
  }
}
