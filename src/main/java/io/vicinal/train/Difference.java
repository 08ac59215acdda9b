package io.vicinal.train;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.Set;

/** Where two configurations differ. */
final class Difference {

  private Difference() {}

  /** "path (old value, now new value)" of the first difference; null when there is none. */
  static String first(JsonObject old, JsonObject now) {
    return first("", old, now);
  }

  private static String first(String path, JsonElement old, JsonElement now) {
    if (old instanceof JsonObject a && now instanceof JsonObject b) {
      Set<String> keys = new LinkedHashSet<>(a.keySet());
      keys.addAll(b.keySet());
      for (String key : keys) {
        String below = path.isEmpty() ? key : path + "." + key;
        String found = first(below, a.get(key), b.get(key));
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    return same(old, now) ? null : path + " (" + text(old) + ", now " + text(now) + ")";
  }

  /** 1, 1.0 and 1e0 are one number. */
  private static boolean same(JsonElement old, JsonElement now) {
    if (old instanceof JsonPrimitive a && now instanceof JsonPrimitive b) {
      if (a.isNumber() && b.isNumber()) {
        return new BigDecimal(a.getAsString()).compareTo(new BigDecimal(b.getAsString())) == 0;
      }
    }
    return old == null ? now == null : old.equals(now);
  }

  private static String text(JsonElement value) {
    return value == null ? "absent" : value.toString();
  }
}
