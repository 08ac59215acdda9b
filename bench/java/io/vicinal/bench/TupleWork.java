package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.data.Npy;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.loss.tuple.TupleProgram;
import io.vicinal.program.Executable;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A loss of tuples on one batch of four samples a class, in random order: value and the gradient of
 * embeddings [B, d], which are divided by their lengths first. Not thread-safe.
 */
final class TupleWork implements Work {
  private static final int WIDTH = 512;
  private static final int PER_CLASS = 4;

  private final Arena arena;
  private final String peerName;
  private final int batch;
  private final Tensor embeddings;
  private final Tensor labels;
  private final Executable run;
  private final Map<String, Tensor> inputs;
  private final Map<String, Tensor> outputs = new HashMap<>();

  TupleWork(
      Backend backend, String peerName, String name, Map<String, String> parameters, int batch) {
    this.arena = new Arena(backend.memory());
    this.peerName = peerName;
    this.batch = batch;
    Inputs drawn = new Inputs(70 + batch, arena);
    long[] classes = drawn.shuffled(drawn.balancedLabels(batch, batch / PER_CLASS, PER_CLASS));
    labels = arena.of(classes, batch);
    embeddings = drawn.around(drawn.gaussian(1, batch / PER_CLASS, WIDTH), classes, 0.5);
    inputs = Map.of("embedding", embeddings, "labels", labels);
    TupleLoss loss = TupleLosses.create(name, parameters);
    run = new TupleProgram(loss, null, true).gradient(backend);
    for (String output : run.outputs()) {
      outputs.put(output, arena.allocate(DType.F64));
    }
    outputs.put("gradient.embedding", arena.allocate(DType.F32, batch, WIDTH));
  }

  @Override
  public String problem() {
    return "B="
        + batch
        + " d="
        + WIDTH
        + " "
        + PER_CLASS
        + " a class, "
        + Math.round(10.0 * run.temporaryBytes(inputs) / Float.BYTES / batch / batch) / 10.0
        + " B^2 floats";
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("E.npy"), embeddings);
    Npy.write(folder.resolve("y.npy"), labels);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("tuple", peerName);
  }

  @Override
  public void repeat() {
    run.run(inputs, outputs);
  }

  @Override
  public void poison() {
    float[] row = new float[WIDTH];
    Arrays.fill(row, Float.NaN);
    outputs.get("gradient.embedding").rows(0, 1).set(row);
  }

  @Override
  public Map<String, Double> values() {
    return Map.of("loss", outputs.get("loss").at(0));
  }

  @Override
  public Map<String, Tensor> arrays() {
    return Map.of("grad_embeddings", outputs.get("gradient.embedding"));
  }

  @Override
  public double flops() {
    return 4.0 * batch * batch * WIDTH; // the products of all rows with all, and their gradient
  }

  @Override
  public double leastFlops() {
    return 3.0 * batch * batch * WIDTH; // the former are symmetric
  }

  @Override
  public double bytes() {
    return 2.0 * Float.BYTES * WIDTH * batch;
  }

  @Override
  public void close() {
    run.close();
    arena.close();
  }
}
