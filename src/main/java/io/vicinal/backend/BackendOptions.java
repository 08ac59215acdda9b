package io.vicinal.backend;

import io.vicinal.InputException;
import java.util.List;

/**
 * How a backend works. A value, safe for any thread.
 *
 * @param threads worker threads of one call; 0 for all that the process may use
 * @param workspaceBytes tile memory that one call may hold; 0 for 256 MiB
 * @param isa instruction set: auto, base (SSE2), avx2 or avx512
 */
public record BackendOptions(int threads, long workspaceBytes, String isa) {
  /**
   * @throws InputException if a value is outside its range
   */
  public BackendOptions {
    if (threads < 0 || threads > 4096) {
      throw new InputException("threads: " + threads + " is outside 0..4096; 0 means all");
    }
    if (workspaceBytes != 0 && workspaceBytes < 1 << 20) {
      throw new InputException(
          "workspace: " + workspaceBytes + " bytes are too few; give 1 MiB or more, or 0");
    }
    if (!List.of("auto", "base", "avx2", "avx512").contains(isa)) {
      throw new InputException("isa: '" + isa + "' is unknown; choose auto, base, avx2 or avx512");
    }
  }

  /** All threads, 256 MiB, the best instruction set that the processor has. */
  public static BackendOptions defaults() {
    return new BackendOptions(0, 0, "auto");
  }

  /** The same with another number of threads. */
  public BackendOptions withThreads(int count) {
    return new BackendOptions(count, workspaceBytes, isa);
  }
}
