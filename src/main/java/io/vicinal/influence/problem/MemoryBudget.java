package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.process.Limits;
import io.vicinal.tensor.HostMemory;

/**
 * What a problem and its solves may hold. Checked before something large is allocated, so that a
 * refusal comes at once and in one line. Immutable, safe for any thread.
 *
 * @param bytes the limit
 */
public record MemoryBudget(long bytes) {
  private static final double SHARE = 0.8;

  /** A limit, 0 for four fifths of what this process may still take. */
  public static MemoryBudget of(long bytes) {
    return new MemoryBudget(
        bytes > 0
            ? bytes
            : (long) (SHARE * Limits.ofThisProcess().memory(HostMemory.liveBytes()).left()));
  }

  /**
   * @throws InputException if {@code needed} bytes do not fit, saying {@code remedy}
   */
  public void check(String what, long needed, String remedy) {
    if (needed > bytes) {
      throw new InputException(
          "memory: " + what + " needs " + text(needed) + " of " + text(bytes) + "; " + remedy);
    }
  }

  /** Bytes in words. */
  public static String text(long bytes) {
    return Limits.text(bytes);
  }
}
