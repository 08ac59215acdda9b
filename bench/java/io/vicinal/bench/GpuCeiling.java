package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Random;

/**
 * What the card can do at most, measured and never read off a data sheet: {@code y += a x} over
 * arrays that no cache holds, and products of embeddings at the backend's precision. Immutable.
 *
 * @param gigabytes per second read and written
 * @param gigaflops per second
 */
record GpuCeiling(double gigabytes, double gigaflops) {
  private static final int REPEATS = 12;

  static GpuCeiling of(Backend backend, boolean quick) {
    long floats = quick ? 1 << 16 : 1 << 28;
    int rows = quick ? 64 : 16_384;
    int width = quick ? 64 : 4_096;
    int outputs = quick ? 64 : 16_384; // so many that rounding the inputs costs little beside
    double bandwidth;
    double rate;
    try (Arena arena = new Arena(backend.memory())) {
      Tensor x = arena.allocate(DType.F32, 1, floats);
      Tensor y = arena.allocate(DType.F32, 1, floats);
      double[] alpha = {0.5};
      double spent = median(() -> backend.axpy(alpha, x, y));
      bandwidth = 3.0 * Float.BYTES * floats / spent / 1e6;
    }
    try (Arena arena = new Arena(backend.memory())) {
      Tensor x = random(arena, rows, width);
      HeadTensors head = new HeadTensors(random(arena, outputs, width), null, null);
      Tensor z = arena.allocate(DType.F32, rows, outputs);
      double spent = median(() -> backend.embed(x, head, z));
      rate = 2.0 * rows * width * outputs / spent / 1e6;
    }
    return new GpuCeiling(bandwidth, rate);
  }

  /** Zeros would draw less power than data do. */
  private static Tensor random(Arena arena, int rows, int width) {
    Random random = new Random(rows);
    float[] values = new float[rows * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return arena.of(values, rows, width);
  }

  private static double median(Runnable work) {
    Samples samples = new Samples();
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      work.run();
      if (i > 1) {
        samples.add((System.nanoTime() - start) / 1e6);
      }
    }
    return samples.median();
  }

  /** Milliseconds that the work needs at least. */
  double floor(Work work) {
    return Math.max(work.leastFlops() / gigaflops, work.bytes() / gigabytes) / 1e6;
  }
}
