package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.data.Npy;
import io.vicinal.retrieval.Evaluation;
import io.vicinal.retrieval.EvaluationOptions;
import io.vicinal.retrieval.Evaluator;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Retrieval metrics of a set searched in itself: unit rows around class centres, classes of 2 to 12
 * as in Stanford Online Products, with so much noise that neither every metric nor none is near 1.
 * Not thread-safe.
 */
final class RetrievalWork implements Work {
  static final double PULL = 0.42;
  static final EvaluationOptions OPTIONS = EvaluationOptions.of("r@1,r@10,r@100,r@1000,rp,map@r");

  private final Arena arena = Arena.host();
  private final Backend backend;
  private final int rows;
  private final int width;
  private final int classes;
  private final Tensor embeddings;
  private final Tensor labels;
  private Evaluation last;

  RetrievalWork(Backend backend, int rows, int width, int classes) {
    this.backend = backend;
    this.rows = rows;
    this.width = width;
    this.classes = classes;
    Inputs inputs = new Inputs(50, arena);
    long[] drawn = inputs.smallClasses(rows, classes);
    labels = arena.of(drawn, rows);
    embeddings = inputs.around(inputs.gaussian(1, classes, width), drawn, PULL);
    backend.normalizeRows(embeddings, embeddings);
  }

  @Override
  public String problem() {
    return "N="
        + rows
        + " d="
        + width
        + " C="
        + classes
        + " "
        + OPTIONS.metrics().size()
        + " metrics";
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("E.npy"), embeddings);
    Npy.write(folder.resolve("y.npy"), labels);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("retrieval");
  }

  @Override
  public void repeat() {
    last = new Evaluator(backend).evaluate(embeddings, labels, OPTIONS);
  }

  @Override
  public Map<String, Double> values() {
    return last.values();
  }

  @Override
  public Map<String, Tensor> arrays() {
    return Map.of();
  }

  @Override
  public double flops() {
    return 2.0 * rows * rows * width;
  }

  @Override
  public double leastFlops() {
    return flops() / 2; // distances of a set to itself are symmetric
  }

  @Override
  public double bytes() {
    return (double) Float.BYTES * rows * width + (double) Long.BYTES * rows;
  }

  @Override
  public List<String> beside() {
    return List.of("beside", "search");
  }

  @Override
  public long peakBytes(Path folder) throws IOException, InterruptedException {
    String answer =
        Child.run(
            PeakMemory.class,
            List.of(),
            Integer.toString(backend.threads()),
            folder.resolve("E.npy").toString(),
            folder.resolve("y.npy").toString());
    return Long.parseLong(answer);
  }

  @Override
  public void close() {
    arena.close();
  }
}
