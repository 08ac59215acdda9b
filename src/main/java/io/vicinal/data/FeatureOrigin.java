package io.vicinal.data;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Which model made an array of features: what {@code features.json} beside a {@code features.npy}
 * says. Immutable, so safe for any thread.
 *
 * @param space equal for features that can be compared: same model, output and preparation
 * @param text what a sentence calls it
 */
public record FeatureOrigin(String space, String text) {
  /** The array's name in a folder of features. */
  public static final String FEATURES = "features.npy";

  /** What is said about it. */
  public static final String FACTS = "features.json";

  /** There: how many samples were left out, when the dataset was read and after. */
  public static final String LEFT_OUT = "samples_left_out";

  /** How many samples some arrays are without that their datasets had; 0 where nothing is known. */
  public static int leftOut(Path... arrays) {
    Map<String, Integer> counts = new HashMap<>(); // by folder: parts of one have the same
    for (Path array : arrays) {
      JsonObject json = facts(array);
      if (json != null && json.has(LEFT_OUT)) {
        counts.put(json.toString(), json.get(LEFT_OUT).getAsInt());
      }
    }
    return counts.values().stream().mapToInt(n -> n).sum();
  }

  /** Null where nothing is known. */
  public static FeatureOrigin of(Path array) {
    JsonObject json = facts(array);
    return json == null
        ? null
        : new FeatureOrigin(json.get("space").getAsString(), json.get("model").getAsString());
  }

  /** All that is said about an array, {@code space} and {@code model} at least; or null. */
  public static JsonObject facts(Path array) {
    FeatureFolder samples = FeatureFolder.of(array);
    if (samples != null) {
      return facts(samples.features());
    }
    if (array == null || !array.endsWith(FEATURES)) {
      return null;
    }
    try {
      JsonObject json =
          JsonParser.parseString(Files.readString(array.resolveSibling(FACTS))).getAsJsonObject();
      boolean known =
          json.get("space").getAsString() != null && json.get("model").getAsString() != null;
      return known ? json : null;
    } catch (IOException | JsonParseException | IllegalStateException | NullPointerException e) {
      return null;
    }
  }

  /**
   * @throws InputException if two arrays are known to be of different models
   */
  public static void check(Path first, Path second) {
    FeatureOrigin a = of(first);
    FeatureOrigin b = of(second);
    if (a != null && b != null && !a.space.equals(b.space)) {
      throw InputFile.problem(
          second,
          "has features of "
              + b.text
              + ", and "
              + first
              + " those of "
              + a.text
              + ", which cannot be compared"
              + (a.text.equals(b.text) ? " (another file, output or preparation)" : ""),
          "make both with one model: vicinal features");
    }
  }
}
