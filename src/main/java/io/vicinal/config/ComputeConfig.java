package io.vicinal.config;

/**
 * Where and how the arithmetic runs. Results are reproducible bit by bit for the same device,
 * instruction set and thread count.
 *
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param threads 0 for all that the process may use
 * @param dtype {@code float32} or {@code float64}
 * @param isa {@code auto}, {@code base}, {@code avx2} or {@code avx512}
 * @param workspaceMiB tile memory of one call; 0 for the engine's default
 * @param precision of products on a CUDA device: {@code float32}, {@code tf32} or {@code bfloat16}
 */
public record ComputeConfig(
    String device, int threads, String dtype, String isa, int workspaceMiB, String precision) {

  private static final int MAX_THREADS = 4096;

  static ComputeConfig read(ConfigObject s) {
    String device = s.text("device", "cpu");
    int threads = s.integer("threads", 0, Range.integersFrom(0));
    String dtype = s.choice("dtype", "float32", "float32", "float64");
    String isa = s.choice("isa", "auto", "auto", "base", "avx2", "avx512");
    int workspace = s.integer("workspaceMiB", 0, Range.integersFrom(0));
    String precision = s.choice("precision", "float32", "float32", "tf32", "bfloat16");
    s.end();
    if (threads > MAX_THREADS) {
      throw s.error("threads", threads + " is more than " + MAX_THREADS + "; lower it");
    }
    return new ComputeConfig(device, threads, dtype, isa, workspace, precision);
  }
}
