package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.data.Npy;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A proxy loss on one batch: value and the gradients of embeddings [B, d] and proxies [C*K, d].
 * Embeddings lean towards their own proxy, so that margins and maxima are exercised. Not
 * thread-safe.
 */
final class LossWork implements Work {
  private static final int PER_CLASS = 4;

  private final Backend backend;
  private final Arena arena;
  private final String peerName;
  private final Loss loss;
  private final int batch;
  private final int width;
  private final int classes;
  private final Tensor labels;
  private final Tensor embeddings;
  private final Tensor proxies;
  private final Tensor gradEmbeddings;
  private final Tensor gradProxies;
  private double value;

  LossWork(
      Backend backend,
      String peerName,
      String name,
      Map<String, String> parameters,
      int batch,
      int width,
      int classes) {
    this.backend = backend;
    this.arena = new Arena(backend.memory());
    this.peerName = peerName;
    this.loss = Losses.create(name, parameters);
    this.batch = batch;
    this.width = width;
    this.classes = classes;
    int centers = loss.centers();
    Inputs inputs = new Inputs(20 + classes, arena);
    long[] drawn = inputs.balancedLabels(batch, classes, PER_CLASS);
    labels = arena.of(drawn, batch);
    proxies = inputs.gaussian(1, (long) classes * centers, width);
    long[] own = new long[batch];
    for (int i = 0; i < batch; i++) {
      own[i] = drawn[i] * centers + i % centers;
    }
    embeddings = inputs.around(proxies, own, 0.4);
    gradEmbeddings = arena.allocate(DType.F32, batch, width);
    gradProxies = arena.allocate(DType.F32, (long) classes * centers, width);
  }

  @Override
  public String problem() {
    String shape = "B=" + batch + " d=" + width + " C=" + classes;
    return loss.centers() > 1 ? shape + " K=" + loss.centers() : shape;
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("E.npy"), embeddings);
    Npy.write(folder.resolve("y.npy"), labels);
    Npy.write(folder.resolve("P.npy"), proxies);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("loss", peerName, Integer.toString(classes), Integer.toString(loss.centers()));
  }

  @Override
  public void repeat() {
    LossValue found =
        backend.loss(
            loss.spec(),
            classes,
            embeddings,
            Targets.of(labels),
            proxies,
            null,
            gradEmbeddings,
            gradProxies);
    value = found.loss();
  }

  @Override
  public void poison() {
    float[] row = new float[width];
    Arrays.fill(row, Float.NaN);
    gradEmbeddings.rows(0, 1).set(row);
    gradProxies.rows(0, 1).set(row);
    value = Double.NaN;
  }

  @Override
  public Map<String, Double> values() {
    return Map.of("loss", value);
  }

  @Override
  public Map<String, Tensor> arrays() {
    return Map.of("grad_embeddings", gradEmbeddings, "grad_proxies", gradProxies);
  }

  @Override
  public double flops() {
    // Logits, gradient of the embeddings, gradient of the proxies: three products of 2 B d C K.
    return 6.0 * batch * width * classes * loss.centers();
  }

  @Override
  public double bytes() {
    return 2.0 * Float.BYTES * width * (batch + (double) classes * loss.centers());
  }

  @Override
  public void close() {
    arena.close();
  }
}
