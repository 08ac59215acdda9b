package io.vicinal.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import io.vicinal.loss.Losses;
import io.vicinal.nn.Head;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The loss by name, its parameters as text; as the loss's own factory accepts them.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param name for example {@code proxy-anchor}
 * @param params the other keys of the section, in their order
 */
public record LossConfig(String name, Map<String, String> params) {

  static LossConfig read(ConfigObject s) {
    String name = s.text("name", "proxy-nca-pp");
    Set<String> known = s.checked("name", () -> Losses.create(name)).params().keySet();
    known.forEach(s::ignore);
    Map<String, String> params = new LinkedHashMap<>();
    for (String key : s.keys()) {
      String value = known.contains(key) ? s.scalar(key) : null;
      if (value != null) {
        s.checked(key, () -> Losses.create(name, Map.of(key, value)));
        params.put(key, value);
      }
    }
    try {
      s.end();
    } catch (InputException e) {
      throw new InputException(e.getMessage() + " (of " + name + ")", e);
    }
    return new LossConfig(name, Collections.unmodifiableMap(params));
  }

  /** The names of the parameters that it learns, beside those of the head. */
  List<String> learned() {
    return List.of(Head.PROXIES);
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
