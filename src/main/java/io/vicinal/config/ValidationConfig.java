package io.vicinal.config;

import com.google.gson.JsonObject;
import io.vicinal.data.FeatureFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What training is judged by: a part carved from the training data, or files of its own. Never the
 * test data.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param fraction the part held out, 0 for none; 0 with files
 * @param given whether the fraction was given: the default may become another where the data are
 *     too small for it
 * @param byGiven whether {@code by} was given, or the fraction: else the default may become
 *     another, too
 * @param by {@code sample}: that part of each class; {@code class}: that part of the classes
 * @param features files in place of a fraction: [V, D]; null for none
 * @param labels [V]; null for none
 * @param sampleNames a list of the V samples' names; null
 */
public record ValidationConfig(
    double fraction,
    boolean given,
    boolean byGiven,
    String by,
    Path features,
    Path labels,
    Path sampleNames) {

  /** The part that is held out where nothing is said. */
  public static final double FRACTION = 0.1;

  /** Whether there is any validation data. */
  public boolean present() {
    return fraction > 0 || features != null;
  }

  /**
   * @param data whose split {@code validation} judges, if it has one and nothing is said
   */
  static ValidationConfig read(ConfigObject s, DataConfig data) {
    boolean said = s.has("features") || s.has("fraction") || s.has("by");
    Path features = said ? s.file("features") : FeatureFolder.part(data.features(), "validation");
    Path labels = FeatureFolder.or(s.file("labels"), features);
    Path sampleNames = FeatureFolder.or(s.file("sampleNames"), features);
    boolean given = s.has("fraction") || features != null;
    double fraction = s.number("fraction", features == null ? FRACTION : 0, Range.halfOpen(0, 1));
    boolean byGiven = given || s.has("by");
    String by = s.choice("by", "sample", "sample", "class");
    s.end();
    if ((features == null) != (labels == null)) {
      throw s.error(features == null ? "features" : "labels", "is missing; files come as a pair");
    }
    if (features != null && fraction > 0) {
      throw s.error("fraction", "excludes validation files; keep one of the two");
    }
    if (features == null && sampleNames != null) {
      throw s.error(
          "sampleNames", "belongs to validation.features; name all samples with data.sampleNames");
    }
    return new ValidationConfig(fraction, given, byGiven, by, features, labels, sampleNames);
  }

  /** The keys that were not given and that data decide. */
  List<String> left() {
    List<String> keys = new ArrayList<>();
    if (!given) {
      keys.add("fraction");
    }
    if (!byGiven) {
      keys.add("by");
    }
    return keys;
  }

  /** The same with this part held out, as if it had been given. */
  public ValidationConfig with(double part) {
    return with(part, by);
  }

  /** The same with this part of the samples of each class, or of the classes, held out. */
  public ValidationConfig with(double part, String of) {
    return new ValidationConfig(part, true, true, of, features, labels, sampleNames);
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    if (features == null) {
      if (given) {
        o.addProperty("fraction", fraction);
      }
      if (byGiven) {
        o.addProperty("by", by);
      }
    }
    Json.path(o, "features", features);
    boolean samples = FeatureFolder.of(features) != null; // which has labels and names of its own
    if (!samples || !labels.equals(features)) {
      Json.path(o, "labels", labels);
    }
    if (!samples || !sampleNames.equals(features)) {
      Json.path(o, "sampleNames", sampleNames);
    }
    return o;
  }
}
