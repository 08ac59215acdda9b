package io.vicinal.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.sample.Samplers;
import io.vicinal.sample.Samplers.Parameter;
import io.vicinal.sample.Sampling;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How batches are drawn. A size that is not given is its default, or less where the data has too
 * few samples or classes; see {@link #fitted}.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name as {@link Samplers} knows it
 * @param batch samples per batch; 0: not given, or the sampler has classes
 * @param classes classes per batch; 0: not given, or the sampler has none
 * @param samples samples per class; 0: not given, or the sampler has no classes
 * @param params every other parameter with its value
 * @param file what the sampler needs of a file; null for none
 */
public record SamplerConfig(
    String name, int batch, int classes, int samples, Map<String, Object> params, Path file) {

  private static final int MAX_BATCH = 1 << 20; // a batch is gathered as one matrix
  private static final String BATCH = "batch";
  private static final String CLASSES = "classes";
  private static final String SAMPLES = "samples";
  private static final List<String> SIZES = List.of(BATCH, CLASSES, SAMPLES);

  /** Keeps the order. */
  public SamplerConfig {
    params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
  }

  /**
   * A sampler with its sizes alone.
   *
   * @param dropLast of {@code random}
   */
  public SamplerConfig(String name, int batch, boolean dropLast, int classes, int samples) {
    this(
        name,
        batch,
        classes,
        samples,
        name.equals("random") ? Map.of("dropLast", dropLast) : Map.of(),
        null);
  }

  static SamplerConfig read(ConfigObject s, String otherwise) {
    String name = s.choice("name", otherwise, Samplers.names().toArray(String[]::new));
    Map<String, Object> params = new LinkedHashMap<>();
    for (Parameter parameter : Samplers.parameters(name)) {
      params.put(parameter.name(), read(s, parameter));
    }
    int batch = size(params, BATCH);
    int classes = size(params, CLASSES);
    int samples = size(params, SAMPLES);
    Path file = null;
    for (Sampling.Need need : Samplers.facts(name).needs()) {
      if (need.isFile()) {
        file = s.file("file");
        if (file == null) {
          throw s.error("file", "is missing; " + name + " needs " + need.words());
        }
      }
    }
    s.end();
    SamplerConfig config = new SamplerConfig(name, batch, classes, samples, params, file);
    int size = config.batchSize();
    if (size > MAX_BATCH) {
      throw s.error(
          config.byClass() ? SAMPLES : BATCH,
          "a batch of " + size + " is more than " + MAX_BATCH + "; lower it");
    }
    return config;
  }

  /** A size that is not given is 0. */
  private static Object read(ConfigObject s, Parameter parameter) {
    String key = parameter.name();
    String standard = parameter.standard().value();
    if (SIZES.contains(key)) {
      return s.integer(key, 0, Range.integersFrom(1));
    }
    if (parameter.type() == boolean.class) {
      return s.flag(key, Boolean.parseBoolean(standard));
    }
    if (parameter.type() == String.class) {
      return s.choice(key, standard, parameter.standard().choices());
    }
    double least = parameter.standard().least();
    double most = parameter.standard().most();
    return parameter.type() == int.class
        ? (Object) s.integer(key, Integer.parseInt(standard), Range.integers(least, most))
        : (Object) s.number(key, Double.parseDouble(standard), Range.closed(least, most));
  }

  private static int size(Map<String, Object> params, String key) {
    return params.remove(key) instanceof Integer given ? given : 0;
  }

  private boolean has(String key) {
    return Samplers.parameters(name).stream().anyMatch(p -> p.name().equals(key));
  }

  private int standard(String key) {
    return Samplers.parameters(name).stream()
        .filter(p -> p.name().equals(key))
        .mapToInt(p -> Integer.parseInt(p.standard().value()))
        .findFirst()
        .orElse(0);
  }

  private static int or(int given, int otherwise) {
    return given > 0 ? given : otherwise;
  }

  /** Whether a batch is so many classes with so many samples of each. */
  private boolean byClass() {
    return has(CLASSES);
  }

  /** The sizes that were not given and that data decide. */
  List<String> left() {
    List<String> keys = new ArrayList<>();
    for (String key : SIZES) {
      if (has(key) && given(key) == 0) {
        keys.add(key);
      }
    }
    return keys;
  }

  private int given(String key) {
    return switch (key) {
      case BATCH -> batch;
      case CLASSES -> classes;
      default -> samples;
    };
  }

  /**
   * With the sizes that were not given: their defaults, or as much less as the data needs to fill a
   * batch. Given sizes stay, whether they fit or not.
   *
   * @param n training samples
   * @param c classes of theirs
   */
  public SamplerConfig fitted(long n, long c) {
    if (!byClass()) {
      int fitting = (int) Math.max(1, Math.min(standard(BATCH), n));
      return has(BATCH) ? sized(or(batch, fitting), 0, 0) : this;
    }
    // A balanced batch needs one sample more than it has (floor((N-1)/B) batches).
    long room = Math.max(1, n - 1);
    int most = standard(CLASSES);
    int fitting = (int) Math.max(1, Math.min(Math.min(most, c), room / or(samples, 1)));
    int k = or(classes, fitting);
    return sized(0, k, or(samples, (int) Math.max(1, Math.min(standard(SAMPLES), room / k))));
  }

  /** As {@link #fitted} for a part of the data that nobody chose: given sizes are cut too. */
  public SamplerConfig cutTo(long n, long c) {
    SamplerConfig most = sized(0, 0, 0).fitted(n, c);
    long room = Math.max(1, n - 1);
    if (!byClass()) {
      return batch <= n ? fitted(n, c) : most.sized((int) Math.max(1, n), 0, 0);
    }
    SamplerConfig own = fitted(n, c);
    return own.classes <= c && (long) own.classes * own.samples <= room ? own : most;
  }

  private SamplerConfig sized(int batch, int classes, int samples) {
    return new SamplerConfig(name, batch, classes, samples, params, file);
  }

  /**
   * What a size that was not given became, if that is not its default; else null.
   *
   * @param fitted of this
   */
  public String told(SamplerConfig fitted) {
    if (has(BATCH) && batch == 0 && fitted.batch != standard(BATCH)) {
      return "sampler.batch: "
          + fitted.batch
          + " in place of "
          + standard(BATCH)
          + ", all training samples";
    }
    boolean less =
        classes == 0 && fitted.classes != standard(CLASSES)
            || samples == 0 && fitted.samples != standard(SAMPLES);
    return byClass() && less
        ? "sampler: batches of "
            + fitted.classes
            + " classes x "
            + fitted.samples
            + " samples, which these data can fill"
        : null;
  }

  /** The most samples that a batch holds; of one that a file lists a guess. */
  public int batchSize() {
    if (byClass()) {
      long size = (long) or(classes, standard(CLASSES)) * or(samples, standard(SAMPLES));
      return (int) Math.min(size, Integer.MAX_VALUE);
    }
    return or(
        batch, or(standard(BATCH), new SamplerConfig("random", 0, true, 0, 0).standard(BATCH)));
  }

  /**
   * The sampler itself; sizes that were not given have their defaults.
   *
   * @throws io.vicinal.InputException if a parameter is out of range
   */
  public Sampling sampling() {
    Map<String, Object> all = new LinkedHashMap<>(params);
    SIZES.stream().filter(key -> given(key) > 0).forEach(key -> all.put(key, given(key)));
    return Samplers.create(name, all);
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    for (String key : Arrays.asList(CLASSES, SAMPLES, BATCH)) {
      if (given(key) > 0) {
        o.addProperty(key, given(key));
      }
    }
    params.forEach((key, value) -> o.add(key, primitive(value)));
    Json.path(o, "file", file);
    return o;
  }

  private static JsonPrimitive primitive(Object value) {
    if (value instanceof Number number) {
      return new JsonPrimitive(number);
    }
    return value instanceof Boolean flag
        ? new JsonPrimitive(flag)
        : new JsonPrimitive(value.toString());
  }
}
