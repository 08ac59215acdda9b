package io.vicinal.config;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * How batches are drawn. A size that is not given is its default, or less where the data has too
 * few samples or classes; see {@link #fitted}.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name {@code random} or {@code balanced}
 * @param batch random: samples per batch; 0: not given
 * @param dropLast random: leaves out an epoch's incomplete last batch
 * @param classes balanced: classes per batch; 0: not given
 * @param samples balanced: samples per class; 0: not given
 */
public record SamplerConfig(String name, int batch, boolean dropLast, int classes, int samples) {

  private static final int MAX_BATCH = 1 << 20; // a batch is gathered as one matrix
  private static final int BATCH = 128;
  private static final int CLASSES = 8;
  private static final int SAMPLES = 4;

  static SamplerConfig read(ConfigObject s, String otherwise) {
    String name = s.choice("name", otherwise, "random", "balanced");
    boolean balanced = name.equals("balanced");
    int batch = balanced ? 0 : s.integer("batch", 0, Range.integersFrom(1));
    boolean dropLast = !balanced && s.flag("dropLast", true);
    int classes = balanced ? s.integer("classes", 0, Range.integersFrom(1)) : 0;
    int samples = balanced ? s.integer("samples", 0, Range.integersFrom(1)) : 0;
    s.end();
    long size = balanced ? (long) or(classes, CLASSES) * or(samples, SAMPLES) : batch;
    if (size > MAX_BATCH) {
      String key = balanced ? "samples" : "batch";
      throw s.error(key, "a batch of " + size + " is more than " + MAX_BATCH + "; lower it");
    }
    return new SamplerConfig(name, batch, dropLast, classes, samples);
  }

  private static int or(int given, int otherwise) {
    return given > 0 ? given : otherwise;
  }

  private boolean balanced() {
    return name.equals("balanced");
  }

  /** The sizes that were not given and that data decide. */
  List<String> left() {
    List<String> keys = new ArrayList<>();
    if (!balanced() && batch == 0) {
      keys.add("batch");
    }
    if (balanced() && classes == 0) {
      keys.add("classes");
    }
    if (balanced() && samples == 0) {
      keys.add("samples");
    }
    return keys;
  }

  /**
   * With the sizes that were not given: their defaults, or as much less as the data needs to fill a
   * batch. Given sizes stay, whether they fit or not.
   *
   * @param n training samples
   * @param c classes of theirs
   */
  public SamplerConfig fitted(long n, long c) {
    if (!balanced()) {
      int fitting = (int) Math.max(1, Math.min(BATCH, n));
      return new SamplerConfig(name, or(batch, fitting), dropLast, 0, 0);
    }
    // A balanced batch needs one sample more than it has (floor((N-1)/B) batches).
    long room = Math.max(1, n - 1);
    int fittingClasses = (int) Math.max(1, Math.min(Math.min(CLASSES, c), room / or(samples, 1)));
    int k = or(classes, fittingClasses);
    return new SamplerConfig(
        name, 0, dropLast, k, or(samples, (int) Math.max(1, Math.min(SAMPLES, room / k))));
  }

  /** As {@link #fitted} for a part of the data that nobody chose: given sizes are cut too. */
  public SamplerConfig cutTo(long n, long c) {
    SamplerConfig most = new SamplerConfig(name, 0, dropLast, 0, 0).fitted(n, c);
    long room = Math.max(1, n - 1);
    if (!balanced()) {
      return batch <= n ? fitted(n, c) : most.withBatch((int) Math.max(1, n));
    }
    SamplerConfig own = fitted(n, c);
    return own.classes <= c && (long) own.classes * own.samples <= room ? own : most;
  }

  private SamplerConfig withBatch(int size) {
    return new SamplerConfig(name, size, dropLast, classes, samples);
  }

  /**
   * What a size that was not given became, if that is not its default; else null.
   *
   * @param fitted of this
   */
  public String told(SamplerConfig fitted) {
    if (!balanced() && batch == 0 && fitted.batch != BATCH) {
      return "sampler.batch: " + fitted.batch + " in place of " + BATCH + ", all training samples";
    }
    boolean less =
        classes == 0 && fitted.classes != CLASSES || samples == 0 && fitted.samples != SAMPLES;
    return balanced() && less
        ? "sampler: batches of "
            + fitted.classes
            + " classes x "
            + fitted.samples
            + " samples, which these data can fill"
        : null;
  }

  /** The most samples that a batch holds. */
  public int batchSize() {
    return balanced() ? or(classes, CLASSES) * or(samples, SAMPLES) : or(batch, BATCH);
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    if (classes > 0) {
      o.addProperty("classes", classes);
    }
    if (samples > 0) {
      o.addProperty("samples", samples);
    }
    if (batch > 0) {
      o.addProperty("batch", batch);
    }
    if (!balanced()) {
      o.addProperty("dropLast", dropLast);
    }
    return o;
  }
}
