package io.vicinal.sample;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Registry;
import io.vicinal.loss.tuple.Standard;
import io.vicinal.sample.Sampling.Facts;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * The registry of samplers: those of this package, and of any jar whose {@link Provider} Java's
 * ServiceLoader finds. Safe for any thread.
 */
public final class Samplers {
  /** A jar's own samplers. */
  public interface Provider {
    /** Records with {@link Sampling.Facts}. */
    List<Class<? extends Sampling>> samplers();
  }

  /**
   * A parameter.
   *
   * @param name as a configuration has it
   * @param type int, double, boolean or String
   * @param standard its default and what it can be
   */
  public record Parameter(String name, Class<?> type, Standard standard) {}

  private static final List<Class<? extends Sampling>> OWN =
      List.of(
          RandomSampling.class,
          BalancedSampling.class,
          ClassRandomSampling.class,
          FullRandomSampling.class,
          HierarchicalSampling.class,
          WeightedSampling.class,
          ListedSampling.class,
          GreedyCoresetSampling.class,
          D2CoresetSampling.class,
          DisthistSampling.class,
          FidSampling.class);

  private static final List<Class<? extends Sampling>> ALL = all();

  private static final Registry<Sampling> REGISTRY =
      new Registry<>("sampler", ALL, Facts.class, Facts::name);

  private Samplers() {}

  private static List<Class<? extends Sampling>> all() {
    List<Class<? extends Sampling>> all = new ArrayList<>(OWN);
    for (Provider more : ServiceLoader.load(Provider.class, Samplers.class.getClassLoader())) {
      all.addAll(more.samplers());
    }
    return all;
  }

  /** Every name, in a fixed order. */
  public static List<String> names() {
    return REGISTRY.names();
  }

  /** What is known of a sampler that there is. */
  public static Facts facts(String name) {
    return type(name).getAnnotation(Facts.class);
  }

  /** The parameters of a sampler that there is, in their order. */
  public static List<Parameter> parameters(String name) {
    return Arrays.stream(type(name).getRecordComponents())
        .map(c -> new Parameter(c.getName(), c.getType(), c.getAnnotation(Standard.class)))
        .toList();
  }

  private static Class<? extends Sampling> type(String name) {
    return ALL.stream()
        .filter(type -> type.getAnnotation(Facts.class).name().equals(name))
        .findFirst()
        .orElseThrow(() -> new InputException("sampler: '" + name + "' is unknown"));
  }

  /**
   * A sampler with some parameters given and the others at their defaults.
   *
   * @param params by the names that a configuration has
   * @throws InputException if the name, a parameter or its value is unknown or out of range; it
   *     says what exists
   */
  public static Sampling create(String name, Map<String, ?> params) {
    Map<String, String> text = new LinkedHashMap<>();
    params.forEach((key, value) -> text.put(Registry.external(key), String.valueOf(value)));
    return REGISTRY.create(name, text);
  }

  /** Every parameter by the name that a configuration has, with its value. */
  public static Map<String, Object> params(Sampling sampling) {
    Map<String, Object> external = Registry.params(sampling);
    Map<String, Object> params = new LinkedHashMap<>();
    for (RecordComponent component : sampling.getClass().getRecordComponents()) {
      params.put(component.getName(), external.get(Registry.external(component.getName())));
    }
    return params;
  }
}
