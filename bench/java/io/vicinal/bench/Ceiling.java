package io.vicinal.bench;

import io.vicinal.backend.jni.Engine;
import io.vicinal.backend.jni.EngineOptions;
import io.vicinal.backend.jni.NativeLibrary;
import io.vicinal.backend.jni.Vicinal;
import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;

/**
 * What this machine can do at most, measured and never read off a data sheet: single-precision
 * matrix products of 2048 x 2048 x 2048 in this process, and copies of arrays that no cache holds.
 * Not thread-safe.
 */
final class Ceiling implements AutoCloseable {
  private static final int N = 2048;
  private static final double FLOPS = 2.0 * N * N * N;
  private static final int COPY = 1 << 25; // floats: 128 MiB

  private final Engine engine = new Engine();
  private final int threads;
  private final FloatPointer a = random(1);
  private final FloatPointer b = random(2);
  private final FloatPointer c = new FloatPointer((long) N * N);
  private final Samples products = new Samples();

  Ceiling(int threads) {
    NativeLibrary.load();
    this.threads = threads;
    try (EngineOptions options = new EngineOptions()) {
      options.struct_size(options.sizeof()).threads(threads).workspace_bytes(0).isa(0);
      check(Vicinal.vicinal_engine_create("cpu", options, engine));
    }
  }

  private static FloatPointer random(long seed) {
    Random random = new Random(seed);
    float[] values = new float[N * N];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new FloatPointer(values);
  }

  /** One product; its time joins the median. */
  void product() {
    long start = System.nanoTime();
    check(Vicinal.vicinal_gemm_f32(engine, N, N, N, a, b, c));
    products.add((System.nanoTime() - start) / 1e6);
  }

  /** GFLOP/s of the median product so far. */
  double gflops() {
    return FLOPS / products.median() / 1e6;
  }

  /** GB/s read and written by the median of seven copies, one array pair per thread. */
  double copyGigabytes() throws InterruptedException {
    float[][] from = new float[threads][COPY / threads];
    float[][] to = new float[threads][COPY / threads];
    Samples copies = new Samples();
    for (int repeat = 0; repeat < 8; repeat++) {
      Thread[] copiers = new Thread[threads];
      long start = System.nanoTime();
      for (int t = 0; t < threads; t++) {
        int mine = t;
        copiers[t] =
            new Thread(() -> System.arraycopy(from[mine], 0, to[mine], 0, from[mine].length));
        copiers[t].start();
      }
      for (Thread copier : copiers) {
        copier.join();
      }
      if (repeat > 0) { // the first touches the pages
        copies.add((System.nanoTime() - start) / 1e6);
      }
    }
    return 2.0 * Float.BYTES * COPY / copies.median() / 1e6;
  }

  private static void check(int status) {
    if (status != Vicinal.VICINAL_OK) {
      throw new IllegalStateException(Vicinal.vicinal_last_error().getString());
    }
  }

  @Override
  public void close() {
    Vicinal.vicinal_engine_destroy(engine);
    a.close();
    b.close();
    c.close();
  }
}
