package io.vicinal.config;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.List;

/** Records as JSON, without what is absent. */
final class Json {

  private static final Gson GSON = new Gson();

  private Json() {}

  /** A record whose components are its keys. */
  static JsonElement tree(Record values) {
    return GSON.toJsonTree(values);
  }

  static void text(JsonObject o, String key, String value) {
    if (value != null) {
      o.addProperty(key, value);
    }
  }

  static void path(JsonObject o, String key, Path value) {
    text(o, key, value == null ? null : value.toString());
  }

  static JsonArray texts(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }
}
