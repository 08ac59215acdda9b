package io.vicinal.backend;

import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * m directions, right-hand sides or products in the space of a head's weight and proxies. As an
 * input a null part is zero (not both); as an output a null part is not computed.
 *
 * <p>Immutable as a record; its tensors are shared, and writing to them is for one thread at a
 * time.
 *
 * @param weight [m, d, D], or null
 * @param proxies [m, C*K, d], or null
 */
public record Directions(Tensor weight, Tensor proxies) {
  /** Of blocks by name; others are left alone. */
  public static Directions of(Map<String, Tensor> named) {
    return new Directions(named.get("weight"), named.get("proxies"));
  }

  /** Those that there are by name, in a fixed order. */
  public Map<String, Tensor> named() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    named.put("weight", weight);
    named.put("proxies", proxies);
    named.values().removeIf(Objects::isNull);
    return named;
  }
}
