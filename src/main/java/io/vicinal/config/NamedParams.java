package io.vicinal.config;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.vicinal.InputException;
import io.vicinal.loss.Compat;
import io.vicinal.loss.Compat.Kind;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** A section that names something, whose other keys are the parameters of that. */
final class NamedParams {
  private static final String COMPAT = "compat";

  private NamedParams() {}

  /** Makes what is named, and throws away all but the names of its parameters. */
  interface Maker {
    /**
     * @throws InputException if a value is none
     */
    Set<String> known(Map<String, String> params);
  }

  /** The defects of what is named that the section is to reproduce. */
  static List<Compat> compat(ConfigObject s, Kind kind, String name) {
    String names = s.keys().contains(COMPAT) ? s.text(COMPAT, null) : null;
    if (names == null) {
      return List.of();
    }
    return checked(
        s,
        () -> {
          List<Compat> all = Compat.parse(names);
          Compat.check(all, Map.of(kind, name));
          return all;
        });
  }

  /** What is said of the key says its name already. */
  private static <T> T checked(ConfigObject s, Supplier<T> made) {
    try {
      return made.get();
    } catch (InputException e) {
      throw s.error(COMPAT, e.getMessage().replaceFirst("^" + COMPAT + ": ", ""));
    }
  }

  /**
   * The parameters as text, each as the maker accepts it, with those that make the defects, and the
   * end of the section.
   */
  static Map<String, String> read(ConfigObject s, String name, List<Compat> compat, Maker maker) {
    Set<String> known = s.checked("name", () -> maker.known(Map.of()));
    known.forEach(s::ignore);
    s.ignore(COMPAT);
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
    if (compat.isEmpty()) {
      return Collections.unmodifiableMap(params);
    }
    Kind kind = compat.get(0).kind();
    return Collections.unmodifiableMap(checked(s, () -> Compat.params(compat, kind, params)));
  }

  static JsonObject json(String name, Map<String, String> params, List<Compat> compat) {
    JsonObject o = new JsonObject();
    o.addProperty("name", name);
    if (!compat.isEmpty()) {
      o.addProperty(COMPAT, Compat.ids(compat));
    }
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
