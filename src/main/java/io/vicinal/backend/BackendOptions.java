package io.vicinal.backend;

import io.vicinal.InputException;
import java.util.List;

/**
 * How a backend works. A value, safe for any thread.
 *
 * @param threads worker threads of one call; 0 for the processors that affinity and the container's
 *     quota leave, or the threads that can start where those are fewer
 * @param workspaceBytes tile memory that one call may hold; 0 for 256 MiB, on a CUDA device a
 *     quarter of its memory
 * @param isa instruction set of the processor: auto, base (SSE2), avx2 or avx512
 * @param precision of float32 matrix products: float32; or with inputs rounded to tf32 or bfloat16,
 *     on CUDA devices only (docs/arithmetic.md)
 */
public record BackendOptions(int threads, long workspaceBytes, String isa, String precision) {
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
    if (!List.of("float32", "tf32", "bfloat16").contains(precision)) {
      throw new InputException(
          "precision: '" + precision + "' is unknown; choose float32, tf32 or bfloat16");
    }
  }

  /** With products in float32. */
  public BackendOptions(int threads, long workspaceBytes, String isa) {
    this(threads, workspaceBytes, isa, "float32");
  }

  /** All threads, 256 MiB, the best instruction set that the processor has. */
  public static BackendOptions defaults() {
    return new BackendOptions(0, 0, "auto");
  }

  /** The same with another number of threads. */
  public BackendOptions withThreads(int count) {
    return new BackendOptions(count, workspaceBytes, isa, precision);
  }
}
