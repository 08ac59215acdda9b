package io.vicinal.influence.solve;

import io.vicinal.InputException;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/**
 * What a problem and its solves may hold. Checked before something large is allocated, so that a
 * refusal comes at once and in one line. Immutable, safe for any thread.
 *
 * @param bytes the limit
 */
record MemoryBudget(long bytes) {
  private static final double SHARE = 0.8;

  /** A limit, 0 for four fifths of the machine's memory. */
  static MemoryBudget of(long bytes) {
    return new MemoryBudget(bytes > 0 ? bytes : (long) (SHARE * machine()));
  }

  private static long machine() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Long.MAX_VALUE / 2;
  }

  /**
   * @throws InputException if {@code needed} bytes do not fit, saying {@code remedy}
   */
  void check(String what, long needed, String remedy) {
    if (needed > bytes) {
      throw new InputException(
          "memory: " + what + " needs " + text(needed) + " of " + text(bytes) + "; " + remedy);
    }
  }

  /** Bytes in words. */
  static String text(long bytes) {
    double mib = bytes / (double) (1 << 20);
    return mib < 1024
        ? String.format(Locale.ROOT, "%.1f MiB", mib)
        : String.format(Locale.ROOT, "%.1f GiB", mib / 1024);
  }
}
