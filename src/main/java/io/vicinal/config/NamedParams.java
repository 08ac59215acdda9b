package io.vicinal.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** A section that names something, whose other keys are the parameters of that. */
final class NamedParams {
  private NamedParams() {}

  /** Makes what is named, and throws away all but the names of its parameters. */
  interface Maker {
    /**
     * @throws InputException if a value is none
     */
    Set<String> known(Map<String, String> params);
  }

  /** The parameters as text, each as the maker accepts it, and the end of the section. */
  static Map<String, String> read(ConfigObject s, String name, Maker maker) {
    Set<String> known = s.checked("name", () -> maker.known(Map.of()));
    known.forEach(s::ignore);
    Map<String, String> params = new LinkedHashMap<>();
    for (String key : s.keys()) {
      String value = known.contains(key) ? s.scalar(key) : null;
      if (value != null) {
        s.checked(key, () -> maker.known(Map.of(key, value)));
        params.put(key, value);
      }
    }
    try {
      s.end();
    } catch (InputException e) {
      throw new InputException(e.getMessage() + " (of " + name + ")", e);
    }
    return Collections.unmodifiableMap(params);
  }

  static JsonObject json(String name, Map<String, String> params) {
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
