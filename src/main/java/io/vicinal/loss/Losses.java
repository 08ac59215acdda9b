package io.vicinal.loss;

import io.vicinal.InputException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The registry of losses by name. What is registered is listed by the command line and walked by
 * the tests. Safe for any thread.
 */
public final class Losses {
  private static final Map<String, Function<Settings, Loss>> REGISTRY = registry();

  private Losses() {}

  private static Map<String, Function<Settings, Loss>> registry() {
    Map<String, Function<Settings, Loss>> losses = new LinkedHashMap<>();
    losses.put(ProxyNca.NAME, ProxyNca::new);
    losses.put(ProxyNcaPlusPlus.NAME, ProxyNcaPlusPlus::new);
    losses.put(ProxyAnchor.NAME, ProxyAnchor::new);
    losses.put(SoftTriple.NAME, SoftTriple::new);
    losses.put(NormalizedSoftmax.NAME, NormalizedSoftmax::new);
    losses.put(CosFace.NAME, CosFace::new);
    losses.put(ArcFace.NAME, ArcFace::new);
    return Collections.unmodifiableMap(losses);
  }

  /** Every name, in a fixed order. */
  public static List<String> names() {
    return List.copyOf(REGISTRY.keySet());
  }

  /**
   * A loss with its default parameters.
   *
   * @throws InputException if there is none of this name; it lists the names
   */
  public static Loss create(String name) {
    return create(name, Map.of());
  }

  /**
   * A loss with some parameters given as text and the others at their defaults.
   *
   * @throws InputException if the name, a parameter or its value is unknown or out of range; it
   *     says what exists
   */
  public static Loss create(String name, Map<String, String> params) {
    Function<Settings, Loss> factory = REGISTRY.get(name);
    if (factory == null) {
      throw new InputException(
          "loss: '" + name + "' is unknown; choose " + String.join(", ", names()));
    }
    return factory.apply(new Settings(name, params));
  }
}
