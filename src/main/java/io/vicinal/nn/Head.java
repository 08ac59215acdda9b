package io.vicinal.nn;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.Safetensors;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * A linear head with its loss's proxies: Z = X W' + b for features X [N, D]. Embeddings are not
 * normalised; the losses do that.
 *
 * <p>On disk a head is one {@code .safetensors} file with {@code weight} [d, D], {@code bias} [d]
 * (absent when the head has none) and {@code proxies} [C*K, d], plus text metadata.
 *
 * <p>The tensors belong to the arena that was given. Reading is safe from any number of threads
 * while nobody trains.
 *
 * @param weight W [d, D], F32 or F64
 * @param bias b [d], the same type, or null
 * @param proxies P [C*K, d], the same type
 */
public record Head(Tensor weight, Tensor bias, Tensor proxies) {

  private static final int FILL = 1 << 16; // values drawn at a time, so that big proxies fit

  /** Checks that the shapes and types belong together. */
  public Head {
    if (weight.shape().rank() != 2 || proxies.shape().rank() != 2 || !isFloat(weight)) {
      throw new InputException("head: weight and proxies must be matrices of float32 or float64");
    }
    long d = weight.dim(0);
    boolean biasFits = bias == null || (bias.shape().rank() == 1 && bias.dim(0) == d);
    if (!biasFits || proxies.dim(1) != d) {
      throw new InputException(
          "head: shapes do not fit: weight "
              + weight.shape()
              + ", bias "
              + (bias == null ? "none" : bias.shape())
              + ", proxies "
              + proxies.shape()
              + "; expected [d, D], [d], [C*K, d]");
    }
    boolean biasType = bias == null || bias.dtype() == weight.dtype();
    if (!biasType || proxies.dtype() != weight.dtype()) {
      throw new InputException("head: weight, bias and proxies must have one type");
    }
  }

  private static boolean isFloat(Tensor tensor) {
    return tensor.dtype() == DType.F32 || tensor.dtype() == DType.F64;
  }

  /**
   * A new head: weight and bias uniform in ±1/sqrt(D), proxies normal. Weight, bias and proxies
   * have a generator each ({@link Xoshiro#of}), so one does not change when another's size does;
   * float32 values are the rounded float64 ones.
   *
   * @param features D
   * @param embedding d
   * @param proxyRows C*K
   */
  public static Head initialise(
      Arena arena,
      DType dtype,
      long features,
      long embedding,
      long proxyRows,
      boolean withBias,
      ProxyStart start,
      long seed) {
    double bound = 1 / Math.sqrt(features);
    Tensor weight = arena.allocate(dtype, embedding, features);
    fill(weight, uniform(Xoshiro.of(seed, "weight"), bound));
    Tensor bias = null;
    if (withBias) {
      bias = arena.allocate(dtype, embedding);
      fill(bias, uniform(Xoshiro.of(seed, "bias"), bound));
    }
    Tensor proxies = arena.allocate(dtype, proxyRows, embedding);
    Xoshiro normal = Xoshiro.of(seed, "proxies");
    double deviation = start.deviation(proxyRows);
    fill(proxies, () -> deviation * normal.nextGaussian());
    return new Head(weight, bias, proxies);
  }

  private static DoubleSupplier uniform(Xoshiro generator, double bound) {
    return () -> bound * (2 * generator.nextDouble() - 1);
  }

  private static void fill(Tensor tensor, DoubleSupplier values) {
    Tensor flat = tensor.reshape(tensor.size());
    for (long from = 0; from < flat.size(); from += FILL) {
      Tensor piece = flat.rows(from, Math.min(from + FILL, flat.size()));
      double[] block = new double[(int) piece.size()];
      for (int i = 0; i < block.length; i++) {
        block[i] = values.getAsDouble();
      }
      piece.set(block);
    }
  }

  /** The tensors as backends take them. */
  public HeadTensors tensors() {
    return new HeadTensors(weight, bias, proxies);
  }

  /** D. */
  public long features() {
    return weight.dim(1);
  }

  /** d. */
  public long embedding() {
    return weight.dim(0);
  }

  /** A head of zeros with the same shapes and type, in another arena: for gradients and copies. */
  public Head like(Arena arena) {
    return new Head(
        arena.allocate(weight.dtype(), weight.shape()),
        bias == null ? null : arena.allocate(bias.dtype(), bias.shape()),
        arena.allocate(proxies.dtype(), proxies.shape()));
  }

  /** A copy in another arena, on its device. */
  public Head copy(Arena arena) {
    Head copy = like(arena);
    copy.copyFrom(this);
    return copy;
  }

  /** Overwrites this head with one of the same shapes. */
  public void copyFrom(Head other) {
    Map<String, Tensor> from = other.named();
    named().forEach((name, tensor) -> tensor.copyFrom(from.get(name)));
  }

  /** The tensors by name, in file order. */
  public Map<String, Tensor> named() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    named.put("weight", weight);
    if (bias != null) {
      named.put("bias", bias);
    }
    named.put("proxies", proxies);
    return named;
  }

  /**
   * Embeddings of features, streamed in blocks by the backend.
   *
   * @param features X [N, D], of the head's type
   * @param arena owner of the result
   * @return Z [N, d]
   */
  public Tensor embed(Backend backend, Tensor features, Arena arena) {
    if (features.shape().rank() != 2 || features.dim(1) != features()) {
      throw new InputException(
          "features have shape "
              + features.shape()
              + ", but the head was made for [N, "
              + features()
              + "]");
    }
    Tensor embeddings = arena.allocate(weight.dtype(), features.dim(0), embedding());
    backend.embed(features, tensors(), embeddings);
    return embeddings;
  }

  /** Writes the head, replacing the file as a whole. */
  public void save(Path file, Map<String, String> metadata) {
    Safetensors.write(file, named(), metadata);
  }

  /**
   * Reads a head that {@link #save} or another program wrote.
   *
   * @throws InputException when the file is damaged or holds other tensors
   */
  public static Head load(Path file, Arena arena) {
    Map<String, Tensor> named = Safetensors.read(file, arena);
    Tensor weight = named.get("weight");
    Tensor proxies = named.get("proxies");
    if (weight == null || proxies == null) {
      throw new InputException(
          file + ": no head: tensors weight and proxies are needed, found " + named.keySet());
    }
    try {
      return new Head(weight, named.get("bias"), proxies);
    } catch (InputException e) {
      throw new InputException(file + ": " + e.getMessage(), e);
    }
  }
}
