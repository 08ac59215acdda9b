package io.vicinal.bench.jmh;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.backend.Update;
import io.vicinal.backend.UpdateRule;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
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
 * One training step on features, as the trainer takes it: gather the batch, gradients of head and
 * proxies, AdamW on all. The parameters wander while this is measured, which changes no
 * instruction.
 */
@BenchmarkMode(Mode.AverageTime) // a step is waited for
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(3) // the JIT's decisions differ from process to process
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TrainingStep {
  private static final int SAMPLES = 4_000;
  private static final int CLASSES = 100;
  private static final List<String> NAMES = List.of("parameter", "gradient", "first", "second");

  /** B x D x d: pixels of small images, and features of a common backbone. */
  @Param({"32x784x64", "180x2048x512"})
  public String shape;

  private final Backend backend = Backend.cpu();
  private final Arena arena = Arena.host();
  private final LossSpec loss = Losses.create("proxy-anchor").spec();
  private final Random random = new Random(41);
  private int batch;
  private Tensor features;
  private Tensor labels;
  private Tensor ids;
  private Tensor batchFeatures;
  private Tensor batchLabels;
  private Tensor[] parameters;
  private Tensor[] gradients;
  private Tensor[] first;
  private Tensor[] second;
  private long step;

  /**
   * Makes random inputs; a hundred steps must lower the loss of a fixed batch before anything is
   * timed.
   */
  @Setup(Level.Trial)
  public void open() {
    String[] sizes = shape.split("x");
    batch = Integer.parseInt(sizes[0]);
    int inputs = Integer.parseInt(sizes[1]);
    int width = Integer.parseInt(sizes[2]);
    features = arena.of(LossCall.gaussian(random, SAMPLES * inputs), SAMPLES, inputs);
    long[] drawn = new long[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      drawn[i] = i % CLASSES;
    }
    labels = arena.of(drawn, SAMPLES);
    ids = arena.allocate(DType.I64, batch);
    batchFeatures = arena.allocate(DType.F32, batch, inputs);
    batchLabels = arena.allocate(DType.I64, batch);
    Tensor weight = arena.of(LossCall.gaussian(random, width * inputs), width, inputs);
    Tensor bias = arena.allocate(DType.F32, width);
    Tensor proxies = arena.of(LossCall.gaussian(random, CLASSES * width), CLASSES, width);
    parameters = new Tensor[] {weight, bias, proxies};
    gradients = like(parameters);
    first = like(parameters);
    second = like(parameters);
    draw();
    double before = forward().loss();
    for (int i = 0; i < 100; i++) {
      forward();
      update();
    }
    double after = forward().loss();
    if (!(after < before)) {
      throw new IllegalStateException(
          "a hundred steps took the loss from " + before + " to " + after);
    }
  }

  private Tensor[] like(Tensor[] shapes) {
    Tensor[] made = new Tensor[shapes.length];
    for (int i = 0; i < made.length; i++) {
      made[i] =
          shapes[i].shape().rank() == 1
              ? arena.allocate(DType.F32, shapes[i].dim(0))
              : arena.allocate(DType.F32, shapes[i].dim(0), shapes[i].dim(1));
    }
    return made;
  }

  /** A whole step on a fresh batch. */
  @Benchmark
  public LossValue step() {
    draw();
    LossValue value = forward();
    update();
    return value;
  }

  private void draw() {
    long[] drawn = new long[batch];
    long[] own = new long[batch];
    for (int i = 0; i < batch; i++) {
      drawn[i] = random.nextInt(SAMPLES);
      own[i] = drawn[i] % CLASSES;
    }
    ids.set(drawn);
    batchLabels.set(own);
  }

  private LossValue forward() {
    backend.gatherRows(features, ids, batchFeatures);
    return backend.headGradient(
        loss,
        CLASSES,
        batchFeatures,
        Targets.of(batchLabels),
        at(parameters),
        null,
        at(gradients));
  }

  private void update() {
    step++;
    List<Update> updates = new ArrayList<>();
    for (int i = 0; i < parameters.length; i++) {
      updates.add(
          new Update(
              NAMES,
              List.of(parameters[i], gradients[i], first[i], second[i]),
              step,
              1e-3,
              1e-4,
              1e-8,
              0,
              0.9,
              0.999,
              Update.Clip.NONE));
    }
    backend.update(UpdateRule.ADAMW, updates);
  }

  private static HeadTensors at(Tensor[] t) {
    return new HeadTensors(t[0], t[1], t[2]);
  }

  /** Frees what {@link #open} made. */
  @TearDown(Level.Trial)
  public void close() {
    arena.close();
    backend.close();
  }
}
