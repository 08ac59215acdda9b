package io.vicinal.config;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.data.FeatureFolder;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A configuration whose overrides name other data than its file does: what belonged to the old data
 * is left out unless it is given again, since it would give samples and classes the names of
 * others.
 *
 * <ul>
 *   <li>Other features and labels are other samples: all that is under {@code data}, and validation
 *       files, go.
 *   <li>Other labels alone: names and choices of classes go.
 *   <li>Other features alone, such as those of another model: validation files go, whose rows were
 *       made as the old ones were.
 *   <li>Other features of a folder that has their labels are other features and labels.
 * </ul>
 */
final class OtherData {
  private static final String DATA = "data";
  private static final String VALIDATION = "validation";

  private final JsonObject old;
  private final Source source;

  /**
   * @param old as in the file
   * @param source the file, with the overrides' key paths
   */
  OtherData(JsonObject old, Source source) {
    this.old = old;
    this.source = source;
  }

  /**
   * @param root the configuration with the overrides applied; loses keys
   * @param notes receives a sentence if it loses any
   */
  void leaveOut(JsonObject root, Consumer<String> notes) {
    boolean dataset = value(old, DATA, "dataset") != null;
    boolean other = (dataset || value(old, DATA, "features") != null) && differs(root, "dataset");
    boolean features =
        other || (dataset || value(old, DATA, "features") != null) && differs(root, "features");
    boolean labels =
        other
            || (dataset || value(old, DATA, "labels") != null) && differs(root, "labels")
            || features && bring(root);
    List<String> gone = new ArrayList<>();
    if (features) {
      for (String key : List.of("features", "labels", "sampleNames")) {
        drop(root, VALIDATION, key, gone);
      }
    }
    if (labels) {
      drop(root, DATA, "classes", gone);
      drop(root, DATA, "classNames", gone);
    }
    if (features && labels) {
      for (String key : List.of("features", "labels", "dataset", "folder", "sampleNames")) {
        drop(root, DATA, key, gone);
      }
    }
    if (!gone.isEmpty()) {
      notes.accept(
          "other "
              + (features && labels ? "data" : features ? "features" : "labels")
              + " than in "
              + source.file()
              + ": left out what belonged to those there, "
              + String.join(", ", gone)
              + "; give it again if it fits");
    }
  }

  /** Whether the other features are those of a folder, which has their labels, too. */
  private boolean bring(JsonObject root) {
    boolean own = value(root, DATA, "labels") == null;
    Object now = file(value(root, DATA, "features"), true);
    return own || !given(DATA + ".labels") && now instanceof Path p && FeatureFolder.of(p) != null;
  }

  /** Whether an override gives this key under data another value than the file has. */
  private boolean differs(JsonObject root, String key) {
    String path = DATA + "." + key;
    JsonElement before = value(old, DATA, key);
    JsonElement now = value(root, DATA, key);
    if (!given(path) || now == null || !old.has(DATA)) {
      return false;
    }
    return key.equals("dataset")
        ? !now.equals(before)
        : !file(now, true).equals(file(before, false));
  }

  private boolean given(String path) {
    return source.nameOf(path).equals("--set");
  }

  /** A path from where it starts; anything else as it is, for its reader to refuse. */
  private Object file(JsonElement value, boolean given) {
    if (!(value instanceof JsonPrimitive text) || !text.isString()) {
      return value == null ? "" : value;
    }
    try {
      Path from = given ? Path.of("") : source.folder();
      return from.resolve(text.getAsString()).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      return value;
    }
  }

  private static JsonElement value(JsonObject root, String section, String key) {
    JsonElement value = root.get(section) instanceof JsonObject o ? o.get(key) : null;
    return value == null || value.isJsonNull() ? null : value;
  }

  private void drop(JsonObject root, String section, String key, List<String> gone) {
    JsonElement value = value(root, section, key);
    if (value == null || given(section + "." + key)) {
      return;
    }
    root.getAsJsonObject(section).remove(key);
    gone.add(section + "." + key + " (" + brief(value) + ")");
  }

  private static String brief(JsonElement value) {
    String text = value.isJsonPrimitive() ? value.getAsString() : value.toString();
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
