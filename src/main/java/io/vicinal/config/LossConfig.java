package io.vicinal.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The loss by name, its parameters as text; the loss's own factory checks them.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name for example {@code proxy-anchor}
 * @param params the other keys of the section, in their order
 */
public record LossConfig(String name, Map<String, String> params) {

  static LossConfig read(Section s) {
    String name = s.text("name", "proxy-nca-pp");
    Map<String, String> params = new LinkedHashMap<>();
    for (String key : s.keys()) {
      String value = key.equals("name") ? null : s.scalar(key);
      if (value != null) {
        params.put(key, value);
      }
    }
    s.end();
    return new LossConfig(name, Collections.unmodifiableMap(params));
  }

  JsonObject json() {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    params.forEach((key, value) -> o.add(key, primitive(value)));
    return o;
  }

  /** Numbers and booleans go back as such, so that a written file reads like its original. */
  private static JsonPrimitive primitive(String value) {
    if (value.matches("true|false|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      return JsonParser.parseString(value).getAsJsonPrimitive();
    }
    return new JsonPrimitive(value);
  }
}
