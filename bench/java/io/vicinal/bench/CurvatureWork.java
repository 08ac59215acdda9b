package io.vicinal.bench;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.data.Npy;
import io.vicinal.loss.Loss;
import io.vicinal.loss.Losses;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The exact Hessian of ProxyNCA++ over a dataset's cached features, with respect to the head's
 * weight, applied to one direction. The curvature is prepared once, outside the clock, as conjugate
 * gradients does. Not thread-safe.
 */
final class CurvatureWork implements Work {
  private final Backend backend;
  private final Arena arena;
  private final Loss loss = Losses.create("proxy-nca-pp", Map.of());
  private final int samples;
  private final int features;
  private final int width;
  private final int classes;
  private final Tensor x;
  private final Tensor labels;
  private final Tensor weight;
  private final Tensor proxies;
  private final Tensor direction;
  private final Tensor product;
  private final Backend.Curvature curvature;

  CurvatureWork(Backend backend, int samples, int features, int width, int classes) {
    this.backend = backend;
    this.arena = new Arena(backend.memory());
    this.samples = samples;
    this.features = features;
    this.width = width;
    this.classes = classes;
    Inputs inputs = new Inputs(30, arena);
    long[] drawn = inputs.balancedLabels(samples, classes, 1);
    labels = arena.of(drawn, samples);
    x = inputs.around(inputs.gaussian(1, classes, features), drawn, 0.5);
    weight = inputs.gaussian(1 / Math.sqrt(features), width, features);
    proxies = inputs.gaussian(1, classes, width);
    direction = inputs.gaussian(1 / Math.sqrt(features), width, features);
    product = arena.allocate(DType.F32, width, features);
    curvature =
        backend.curvature(
            loss.spec(), classes, x, Targets.of(labels), new HeadTensors(weight, null, proxies));
  }

  @Override
  public String problem() {
    return "N=" + samples + " D=" + features + " d=" + width + " C=" + classes + " " + loss.name();
  }

  @Override
  public void prepare(Path folder) {
    Npy.write(folder.resolve("X.npy"), x);
    Npy.write(folder.resolve("y.npy"), labels);
    Npy.write(folder.resolve("W.npy"), weight);
    Npy.write(folder.resolve("P.npy"), proxies);
    Npy.write(folder.resolve("V.npy"), direction);
  }

  @Override
  public List<String> peerArguments() {
    return List.of("curvature");
  }

  @Override
  public void repeat() {
    curvature.hvp(new HeadTensors(direction, null, null), new HeadTensors(product, null, null));
  }

  @Override
  public Map<String, Double> values() {
    double value =
        backend
            .headGradient(
                loss.spec(),
                classes,
                x,
                Targets.of(labels),
                new HeadTensors(weight, null, proxies),
                null,
                new HeadTensors(null, null, null))
            .loss();
    return Map.of("loss", value);
  }

  @Override
  public Map<String, Tensor> arrays() {
    return Map.of("hvp_weight", product);
  }

  @Override
  public double flops() {
    return 4.0 * samples * width * (features + classes);
  }

  @Override
  public double bytes() {
    // The features once, unit embeddings and output gradients, the direction and the product.
    double floats = (double) samples * features + 2.0 * samples * width + 2.0 * width * features;
    return Float.BYTES * floats;
  }

  @Override
  public List<String> beside() {
    return List.of("beside");
  }

  @Override
  public void close() {
    curvature.close();
    arena.close();
  }
}
