package io.vicinal.bench.jmh;

import io.vicinal.backend.Backend;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
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
 * Evaluating a validation split between epochs: small enough that everything around the distances
 * shows.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(3) // the JIT's decisions differ from process to process, and here Java does the sums
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SmallEvaluation {
  private static final int WIDTH = 64;
  private static final int PER_CLASS = 20;

  /** Rows; classes have 20 each. */
  @Param({"200", "2000"})
  public int rows;

  private final Backend backend = Backend.cpu();
  private final Arena arena = Arena.host();
  private Tensor embeddings;
  private Tensor labels;
  private EvaluationOptions options;

  /** Makes clustered rows; both sources of ranks must agree before anything is timed. */
  @Setup(Level.Trial)
  public void open() {
    Random random = new Random(43);
    int classes = rows / PER_CLASS;
    float[] centers = LossCall.gaussian(random, classes * WIDTH);
    float[] values = LossCall.gaussian(random, rows * WIDTH);
    long[] own = new long[rows];
    for (int i = 0; i < rows; i++) {
      own[i] = i % classes;
      for (int j = 0; j < WIDTH; j++) {
        values[i * WIDTH + j] += 0.7f * centers[i % classes * WIDTH + j];
      }
    }
    embeddings = arena.of(values, rows, WIDTH);
    labels = arena.of(own, rows);
    options = EvaluationOptions.of("r@1,r@10,rp,map@r");
    Evaluation lists =
        new Evaluator(backend)
            .evaluate(embeddings, labels, options.withMethod(EvaluationOptions.Method.NEIGHBOURS));
    if (!lists.values().equals(ranks().values())) {
      throw new IllegalStateException(
          lists.values() + " by lists, " + ranks().values() + " by ranks");
    }
  }

  /** Rank counting, the default. */
  @Benchmark
  public Evaluation ranks() {
    return new Evaluator(backend).evaluate(embeddings, labels, options);
  }

  /** Frees what {@link #open} made. */
  @TearDown(Level.Trial)
  public void close() {
    arena.close();
    backend.close();
  }
}
