package io.vicinal.config;

import com.google.gson.JsonObject;

/**
 * How batches are drawn.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name {@code random} or {@code balanced}
 * @param batch random: samples per batch
 * @param dropLast random: leaves out an epoch's incomplete last batch
 * @param classes balanced: classes per batch
 * @param samples balanced: samples per class
 */
public record SamplerConfig(String name, int batch, boolean dropLast, int classes, int samples) {

  private static final int MAX_BATCH = 1 << 20; // a batch is gathered as one matrix

  static SamplerConfig read(Section s) {
    String name = s.choice("name", "random", "random", "balanced");
    boolean balanced = name.equals("balanced");
    int batch = balanced ? 0 : s.integer("batch", 128, Range.integersFrom(1));
    boolean dropLast = !balanced && s.flag("dropLast", true);
    int classes = balanced ? s.integer("classes", 8, Range.integersFrom(1)) : 0;
    int samples = balanced ? s.integer("samples", 4, Range.integersFrom(1)) : 0;
    s.end();
    long size = balanced ? (long) classes * samples : batch;
    if (size > MAX_BATCH) {
      String key = balanced ? "samples" : "batch";
      throw s.error(key, "a batch of " + size + " is more than " + MAX_BATCH + "; lower it");
    }
    return new SamplerConfig(name, batch, dropLast, classes, samples);
  }

  /** The most samples that a batch holds. */
  public int batchSize() {
    return name.equals("balanced") ? classes * samples : batch;
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    if (name.equals("balanced")) {
      o.addProperty("classes", classes);
      o.addProperty("samples", samples);
    } else {
      o.addProperty("batch", batch);
      o.addProperty("dropLast", dropLast);
    }
    return o;
  }
}
