package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.util.Random;

/**
 * What a device can do at most, measured and never read off a data sheet: {@code y += a x} over
 * arrays that no cache holds, and products of embeddings at the backend's precision, of 2048 x 2048
 * x 2048 on the processor. Not thread-safe.
 */
final class Ceiling {
  private static final int REPEATS = 12;

  private final Backend backend;
  private final Tensor x;
  private final HeadTensors head;
  private final Tensor z;
  private final Samples products = new Samples();

  /** Its arrays live as long as the arena, which is one of the backend's memory. */
  Ceiling(Backend backend, Arena arena, boolean quick) {
    this.backend = backend;
    int rows = cpu(backend) ? 2_048 : quick ? 64 : 16_384; // so many outputs that rounding the
    int width = cpu(backend) ? 2_048 : quick ? 64 : 4_096; // inputs costs little beside
    x = random(arena, rows, width);
    head = new HeadTensors(random(arena, rows, width), null, null);
    z = arena.allocate(DType.F32, rows, rows);
  }

  private static boolean cpu(Backend backend) {
    return backend.device().equals(Device.CPU);
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

  /** Several products. */
  Ceiling products() {
    for (int i = 0; i < REPEATS; i++) {
      product();
    }
    return this;
  }

  /** One product; its time joins the median. */
  void product() {
    products.add(milliseconds(() -> backend.embed(x, head, z)));
  }

  /** GFLOP/s of the median product so far. */
  double gigaflops() {
    return 2.0 * z.size() * x.dim(1) / products.median() / 1e6;
  }

  /** GB/s read and written. */
  static double gigabytes(Backend backend, boolean quick) {
    long floats = cpu(backend) ? 1 << 25 : quick ? 1 << 16 : 1 << 28;
    Samples spent = new Samples();
    try (Arena arena = new Arena(backend.memory())) {
      Tensor x = arena.allocate(DType.F32, 1, floats);
      Tensor y = arena.allocate(DType.F32, 1, floats);
      for (int i = 0; i < REPEATS; i++) {
        double once = milliseconds(() -> backend.axpy(new double[] {0.5}, x, y));
        if (i > 1) { // the first touches the pages
          spent.add(once);
        }
      }
    }
    return 3.0 * Float.BYTES * floats / spent.median() / 1e6;
  }

  private static double milliseconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e6;
  }
}
