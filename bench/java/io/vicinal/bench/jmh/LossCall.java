package io.vicinal.bench.jmh;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One call of a loss. The smallest shape has next to no arithmetic: what remains is checks, the
 * borrowed engine, the way through JNI and the start of a parallel region.
 */
@BenchmarkMode(
    Mode.AverageTime) // a caller waits for each call, so time per call and not throughput
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(3) // the JIT's decisions differ from process to process
@Warmup(iterations = 3, time = 1) // seconds; the Java side is thin and compiled within the first
@Measurement(iterations = 5, time = 1)
public class LossCall {
  /** B x d x C: a call's overhead, a small batch, the batch of the table. */
  @Param({"1x8x2", "32x64x10", "180x512x100"})
  public String shape;

  /** One loss that reduces over rows, one that reduces over columns. */
  @Param({"normalized-softmax", "proxy-anchor"})
  public String name;

  /** One thread shows the call alone; two add the parallel region's start and end. */
  @Param({"1", "2"})
  public int threads;

  private Backend backend;
  private Arena arena;
  private LossSpec loss;
  private int classes;
  private Tensor embeddings;
  private Tensor proxies;
  private Targets targets;
  private Tensor gradEmbeddings;
  private Tensor gradProxies;

  /** Makes random inputs and checks the loss against plain Java before anything is timed. */
  @Setup(Level.Trial)
  public void open() {
    String[] sizes = shape.split("x");
    int batch = Integer.parseInt(sizes[0]);
    int width = Integer.parseInt(sizes[1]);
    classes = Integer.parseInt(sizes[2]);
    backend = Backend.open("cpu", BackendOptions.defaults().withThreads(threads));
    arena = Arena.host();
    loss = Losses.create(name).spec();
    Random random = new Random(40);
    embeddings = arena.of(gaussian(random, batch * width), batch, width);
    proxies = arena.of(gaussian(random, classes * width), classes, width);
    long[] labels = new long[batch];
    for (int i = 0; i < batch; i++) {
      labels[i] = random.nextInt(classes);
    }
    targets = Targets.of(arena.of(labels, batch));
    gradEmbeddings = arena.allocate(DType.F32, batch, width);
    gradProxies = arena.allocate(DType.F32, classes, width);
    Loss known = Losses.create("normalized-softmax", Map.of("temperature", "0.05"));
    double found =
        backend.loss(known.spec(), classes, embeddings, targets, proxies, null, null, null).loss();
    double expected =
        normalizedSoftmax(embeddings.toFloats(), proxies.toFloats(), labels, width, 0.05);
    if (!(Math.abs(found - expected) <= 1e-4 * Math.abs(expected))) {
      throw new IllegalStateException("loss " + found + ", expected " + expected);
    }
  }

  /** Value and both gradients. */
  @Benchmark
  public LossValue gradients() {
    return backend.loss(
        loss, classes, embeddings, targets, proxies, null, gradEmbeddings, gradProxies);
  }

  /** Frees what {@link #open} made. */
  @TearDown(Level.Trial)
  public void close() {
    arena.close();
    backend.close();
  }

  static float[] gaussian(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Mean over rows of -log softmax(cosines / temperature)[label], in double. */
  private static double normalizedSoftmax(
      float[] e, float[] p, long[] labels, int width, double temperature) {
    double sum = 0;
    for (int i = 0; i < labels.length; i++) {
      double denominator = 0;
      double label = 0;
      for (int c = 0; c < p.length / width; c++) {
        double dot = 0;
        double ee = 0;
        double pp = 0;
        for (int j = 0; j < width; j++) {
          double a = e[i * width + j];
          double b = p[c * width + j];
          dot += a * b;
          ee += a * a;
          pp += b * b;
        }
        double logit = dot / Math.sqrt(ee * pp) / temperature;
        denominator += Math.exp(logit);
        label = c == labels[i] ? logit : label;
      }
      sum += Math.log(denominator) - label;
    }
    return sum / labels.length;
  }
}
