package io.vicinal.config;

import com.google.gson.JsonObject;
import java.nio.file.Path;

/**
 * What training is judged by: a part carved from the training data, or files of its own. Never the
 * test data.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param fraction the part held out, 0 for none; 0 with files
 * @param by {@code sample}: that part of each class; {@code class}: that part of the classes
 * @param features files in place of a fraction: [V, D]; null for none
 * @param labels [V]; null for none
 */
public record ValidationConfig(double fraction, String by, Path features, Path labels) {

  /** Whether there is any validation data. */
  public boolean present() {
    return fraction > 0 || features != null;
  }

  static ValidationConfig read(Section s) {
    Path features = s.file("features");
    Path labels = s.file("labels");
    double fraction = s.number("fraction", features == null ? 0.1 : 0, Range.halfOpen(0, 1));
    String by = s.choice("by", "sample", "sample", "class");
    s.end();
    if ((features == null) != (labels == null)) {
      throw s.error(features == null ? "features" : "labels", "is missing; files come as a pair");
    }
    if (features != null && fraction > 0) {
      throw s.error("fraction", "excludes validation files; keep one of the two");
    }
    return new ValidationConfig(fraction, by, features, labels);
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    if (features == null) {
      o.addProperty("fraction", fraction);
      o.addProperty("by", by);
    }
    Json.path(o, "features", features);
    Json.path(o, "labels", labels);
    return o;
  }
}
