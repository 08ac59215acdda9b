package io.vicinal.backend;

import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The parameters of a linear head and its proxies as the native calls take them that know all
 * three, or a gradient or direction of the same shapes. As parameters, weight and proxies are
 * needed and a null bias is zero; as a gradient or output, null is not computed; as a direction,
 * null is zero.
 *
 * <p>Immutable as a record; its tensors are shared, and writing to them is for one thread at a
 * time.
 *
 * @param weight [d, D]
 * @param bias [d], or null
 * @param proxies [C*K, d]; class c owns rows cK..cK+K-1
 */
public record HeadTensors(Tensor weight, Tensor bias, Tensor proxies) {
  /** Of tensors by name; others are left alone. */
  public static HeadTensors of(Map<String, Tensor> named) {
    return new HeadTensors(named.get("weight"), named.get("bias"), named.get("proxies"));
  }

  /** Those that there are by name, in a fixed order. */
  public Map<String, Tensor> named() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    named.put("weight", weight);
    named.put("bias", bias);
    named.put("proxies", proxies);
    named.values().removeIf(Objects::isNull);
    return named;
  }
}
