package io.vicinal.data;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
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

  private static final String SPACE = "featureSpace"; // in a head's metadata
  private static final String MODEL = "featureModel";

  /** How many samples some arrays are without that their datasets had; 0 where nothing is known. */
  public static int leftOut(Path... arrays) {
    Map<String, Integer> counts = new HashMap<>(); // by folder: parts of one have the same
    for (Path array : arrays) {
      JsonObject json = facts(array);
      if (json != null && json.has(LEFT_OUT)) {
        counts.put(json.toString(), number(json.get(LEFT_OUT)));
      }
    }
    return counts.values().stream().mapToInt(n -> n).sum();
  }

  /** That in words, {@code null} where nothing was left out. */
  public static String leftOutText(int samples) {
    return samples == 0
        ? null
        : String.format(
            Locale.ROOT,
            "%,d %s left out when the features were made",
            samples,
            samples == 1 ? "sample was" : "samples were");
  }

  private static int number(JsonElement value) {
    try {
      return value.getAsInt();
    } catch (RuntimeException e) {
      return 0; // somebody has edited it
    }
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
    } catch (IOException | RuntimeException e) {
      return null; // nothing, or nothing of ours
    }
  }

  /**
   * @throws InputException if two arrays are known to be of different models
   */
  public static void check(Path first, Path second) {
    check(of(first), first + " those of ", second);
  }

  /**
   * @param head a head's file, which says what it was trained on
   * @throws InputException if it was not trained on features of the model that made these
   */
  public static void checkHead(Path head, Path features) {
    FeatureOrigin given = of(features);
    if (given == null) {
      return; // nothing is known, so the head's file need not be read
    }
    Map<String, String> known = Safetensors.metadata(head);
    if (known.containsKey(SPACE) && known.containsKey(MODEL)) {
      FeatureOrigin own = new FeatureOrigin(known.get(SPACE), known.get(MODEL));
      check(own, head + " was trained on those of ", features);
    }
  }

  private static void check(FeatureOrigin a, String whose, Path second) {
    FeatureOrigin b = of(second);
    if (a != null && b != null && !a.space.equals(b.space)) {
      throw InputFile.problem(
          second,
          "has features of "
              + b.text
              + ", and "
              + whose
              + a.text
              + ", which cannot be compared"
              + (a.text.equals(b.text) ? " (another file, output or preparation)" : ""),
          "make both with one model: vicinal features");
    }
  }

  /** What a head's file says about the features that it was trained on. */
  public Map<String, String> metadata() {
    return Map.of(SPACE, space, MODEL, text);
  }
}
