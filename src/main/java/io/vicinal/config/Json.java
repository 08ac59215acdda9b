package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;

/** Writes the values that may be absent. */
final class Json {

  private Json() {}

  static void text(JsonObject o, String key, String value) {
    if (value != null) {
      o.addProperty(key, value);
    }
  }

  static void path(JsonObject o, String key, Path value) {
    text(o, key, value == null ? null : value.toString());
  }

  static void number(JsonObject o, String key, Number value) {
    if (value != null) {
      o.addProperty(key, value);
    }
  }

  static JsonArray texts(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }
}
