package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import io.vicinal.process.Encoding;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One JSON object, read key by key. Every error names the source, the key's path and what was
 * expected; {@link #end()} refuses keys that nobody asked for. A JSON null counts as absent.
 */
final class ConfigObject {

  private final Source source;
  private final String path; // "" for the root
  private final JsonObject object;
  private final Set<String> known = new LinkedHashSet<>();

  ConfigObject(Source source, String path, JsonObject object) {
    this.source = source;
    this.path = path;
    this.object = object;
  }

  /** The object at this key; an empty one when absent. */
  ConfigObject section(String key) {
    JsonElement value = get(key);
    if (value == null) {
      return new ConfigObject(source, join(key), new JsonObject());
    }
    if (!value.isJsonObject()) {
      throw wrong(key, "an object {...}", value);
    }
    return new ConfigObject(source, join(key), value.getAsJsonObject());
  }

  boolean has(String key) {
    return get(key) != null;
  }

  /** The keys present, known or not. */
  Set<String> keys() {
    return object.keySet();
  }

  String text(String key, String otherwise) {
    JsonElement value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (!isText(value)) {
      throw wrong(key, "a string", value);
    }
    return value.getAsString();
  }

  String choice(String key, String otherwise, String... choices) {
    String text = text(key, otherwise);
    if (!List.of(choices).contains(text)) {
      String expected = "one of " + String.join(", ", choices);
      throw wrong(key, expected + hint(text, List.of(choices)), get(key));
    }
    return text;
  }

  boolean flag(String key, boolean otherwise) {
    JsonElement value = get(key);
    if (value == null) {
      return otherwise;
    }
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
      throw wrong(key, "true or false", value);
    }
    return value.getAsBoolean();
  }

  double number(String key, double otherwise, Range range) {
    Double value = number(key, range);
    return value == null ? otherwise : value;
  }

  /** null when absent. */
  Double number(String key, Range range) {
    JsonElement value = get(key);
    if (value == null) {
      return null;
    }
    if (!isNumber(value) || !range.holds(value.getAsDouble())) {
      throw wrong(key, range.words(), value);
    }
    return value.getAsDouble();
  }

  int integer(String key, int otherwise, Range range) {
    JsonElement value = get(key);
    if (value == null) {
      return otherwise;
    }
    long number = exact(key, value, range.words());
    if (!range.holds(number)) {
      throw wrong(key, range.words(), value);
    }
    return (int) number;
  }

  long whole(String key, long otherwise) {
    JsonElement value = get(key);
    return value == null ? otherwise : exact(key, value, "a 64-bit integer");
  }

  List<Long> wholes(String key) {
    List<Long> values = new ArrayList<>();
    for (JsonElement item : array(key, "a list of integers")) {
      values.add(exact(key, item, "a list of integers"));
    }
    return List.copyOf(values);
  }

  List<String> texts(String key, List<String> otherwise) {
    if (get(key) == null) {
      return otherwise;
    }
    List<String> values = new ArrayList<>();
    for (JsonElement item : array(key, "a list of strings")) {
      if (!isText(item)) {
        throw wrong(key, "a list of strings", item);
      }
      values.add(item.getAsString());
    }
    return List.copyOf(values);
  }

  /** Relative paths are taken from the source's folder; null when absent. */
  Path file(String key) {
    String text = text(key, null);
    if (text == null) {
      return null;
    }
    if (text.isEmpty()) {
      throw error(key, "is empty; give a path or remove the key");
    }
    try {
      return source.baseOf(join(key)).resolve(text).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw error(key, "is not a path: " + e.getReason() + Encoding.advice(text));
    }
  }

  /** A scalar of any type as its JSON text; null when absent. */
  String scalar(String key) {
    JsonElement value = get(key);
    if (value == null) {
      return null;
    }
    if (!value.isJsonPrimitive()) {
      throw wrong(key, "a number, a string, true or false", value);
    }
    return value.getAsString();
  }

  /** What a value makes; its maker's refusal becomes one of this key. */
  <T> T checked(String key, Supplier<T> made) {
    try {
      return made.get();
    } catch (InputException e) {
      throw error(key, e.getMessage());
    }
  }

  /** Accepts the key and ignores its value. */
  void ignore(String key) {
    known.add(key);
  }

  /** Refuses the keys that were not read. */
  void end() {
    for (String key : object.keySet()) {
      if (!known.contains(key)) {
        String keys = known.isEmpty() ? "none" : String.join(", ", known);
        throw error(key, "unknown key" + hint(key, known) + "; the keys here are: " + keys);
      }
    }
  }

  InputException error(String key, String what) {
    String full = join(key);
    return OneLine.error(source.nameOf(full) + ": " + full + ": " + what);
  }

  private InputException wrong(String key, String expected, JsonElement found) {
    return error(key, "expected " + expected + ", found " + brief(found));
  }

  private JsonElement get(String key) {
    known.add(key);
    JsonElement value = object.get(key);
    return value == null || value.isJsonNull() ? null : value;
  }

  private JsonArray array(String key, String expected) {
    JsonElement value = get(key);
    if (value == null) {
      return new JsonArray();
    }
    if (!value.isJsonArray()) {
      throw wrong(key, expected, value);
    }
    return value.getAsJsonArray();
  }

  private long exact(String key, JsonElement value, String expected) {
    try {
      if (isNumber(value)) {
        return value.getAsBigDecimal().longValueExact();
      }
    } catch (ArithmeticException e) {
      // a fraction, or more than 64 bits: refused below like any other wrong value
    }
    throw wrong(key, expected, value);
  }

  private String join(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static boolean isNumber(JsonElement value) {
    return value instanceof JsonPrimitive p && p.isNumber();
  }

  private static boolean isText(JsonElement value) {
    return value instanceof JsonPrimitive p && p.isString();
  }

  private static String brief(JsonElement value) {
    String text = String.valueOf(value);
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  private static String hint(String word, Iterable<String> candidates) {
    String closest = Closest.to(word, candidates);
    return closest == null ? "" : " (did you mean \"" + closest + "\"?)";
  }
}
