package io.vicinal.nn;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * A linear head with its loss's proxies: Z = X W' + b for features X [N, D]. Embeddings are not
 * normalised; the losses do that. What it learns are {@link Parameters}; only what is called with
 * all three at once knows them by other means.
 *
 * <p>On disk a head is one {@code .safetensors} file with {@code weight} [d, D], {@code bias} [d]
 * (absent when the head has none) and {@code proxies} [C*K, d] (absent when its loss has none),
 * plus text metadata.
 *
 * <p>The tensors belong to the arena that was given. Reading is safe from any number of threads
 * while nobody trains.
 *
 * @param weight W [d, D], F32 or F64
 * @param bias b [d], the same type, or null
 * @param proxies P [C*K, d], the same type, or null
 */
public record Head(Tensor weight, Tensor bias, Tensor proxies) {
  /** The name of W. */
  public static final String WEIGHT = "weight";

  /** The name of b. */
  public static final String BIAS = "bias";

  /** The name of P. */
  public static final String PROXIES = "proxies";

  /** The parameters of the map, without what a loss learns. */
  public static final List<String> GROUPS = List.of(WEIGHT, BIAS);

  /** Checks that the shapes and types belong together. */
  public Head {
    if (weight.shape().rank() != 2
        || proxies != null && proxies.shape().rank() != 2
        || !isFloat(weight)) {
      throw new InputException("head: weight and proxies must be matrices of float32 or float64");
    }
    long d = weight.dim(0);
    boolean biasFits = bias == null || (bias.shape().rank() == 1 && bias.dim(0) == d);
    if (!biasFits || proxies != null && proxies.dim(1) != d) {
      throw new InputException(
          "head: shapes do not fit: weight "
              + weight.shape()
              + ", bias "
              + (bias == null ? "none" : bias.shape())
              + ", proxies "
              + (proxies == null ? "none" : proxies.shape())
              + "; expected [d, D], [d], [C*K, d]");
    }
    boolean biasType = bias == null || bias.dtype() == weight.dtype();
    if (!biasType || proxies != null && proxies.dtype() != weight.dtype()) {
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
   * @param proxyRows C*K, or 0 for a head without proxies
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
    ProxyStart.fill(weight, uniform(Xoshiro.of(seed, WEIGHT), bound));
    Tensor bias = null;
    if (withBias) {
      bias = arena.allocate(dtype, embedding);
      ProxyStart.fill(bias, uniform(Xoshiro.of(seed, BIAS), bound));
    }
    Tensor proxies = null;
    if (proxyRows > 0) {
      proxies = arena.allocate(dtype, proxyRows, embedding);
      start.fill(proxies, Xoshiro.of(seed, PROXIES));
    }
    return new Head(weight, bias, proxies);
  }

  /**
   * The head of these parameters, sharing their tensors.
   *
   * @param parameters weight, bias or none, proxies or none, and whatever else there is
   */
  public static Head of(Parameters parameters) {
    return new Head(parameters.get(WEIGHT), parameters.get(BIAS), parameters.get(PROXIES));
  }

  private static DoubleSupplier uniform(Xoshiro generator, double bound) {
    return () -> bound * (2 * generator.nextDouble() - 1);
  }

  /** The tensors as backends take them. */
  public HeadTensors tensors() {
    return new HeadTensors(weight, bias, proxies);
  }

  /** Parameters, or gradients of some of them, as backends take them. */
  public static HeadTensors tensors(Parameters some) {
    return HeadTensors.of(some.named());
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
    return of(parameters().like(arena));
  }

  /** A copy in another arena, on its device. */
  public Head copy(Arena arena) {
    return of(parameters().copy(arena));
  }

  /** The tensors by name, in file order. */
  public Map<String, Tensor> named() {
    return tensors().named();
  }

  /** What a parameter of a loss is called beside a head's: itself, unless a head has one such. */
  public static String beside(String learned) {
    return GROUPS.contains(learned) ? "loss-" + learned : learned;
  }

  /** What there is to learn, sharing the tensors. */
  public Parameters parameters() {
    return Parameters.of(named());
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
    parameters().save(file, metadata);
  }

  /**
   * Reads a head with proxies that {@link #save} or another program wrote.
   *
   * @throws InputException when the file is damaged or holds other tensors
   */
  public static Head load(Path file, Arena arena) {
    return load(file, arena, List.of(WEIGHT, PROXIES));
  }

  /**
   * Reads the map alone, of any head: what embeds needs no proxies.
   *
   * @throws InputException when the file is damaged or holds other tensors
   */
  public static Head loadMap(Path file, Arena arena) {
    return load(file, arena, List.of(WEIGHT));
  }

  private static Head load(Path file, Arena arena, List<String> needed) {
    Parameters read = Parameters.load(file, arena);
    if (!read.names().containsAll(needed)) {
      throw new InputException(
          file
              + ": no head: tensors "
              + String.join(" and ", needed)
              + " are needed, found "
              + read.names()
              + (read.names().contains(WEIGHT)
                  ? "; give the head of a loss against proxies ('vicinal list losses')"
                  : ""));
    }
    try {
      return of(needed.contains(PROXIES) ? read : read.subset(GROUPS));
    } catch (InputException e) {
      throw new InputException(file + ": " + e.getMessage(), e);
    }
  }
}
