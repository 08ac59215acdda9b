package io.vicinal.cli.explain;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vicinal.Version;
import io.vicinal.cli.common.JsonFile;

/** The facts that stand beside a command's numbers: {@code summary.json}. Stateless. */
final class Summary {
  private Summary() {}

  /** Begins with what every summary says. */
  static JsonObject of(String command, ModelInputs model) {
    JsonObject json = new JsonObject();
    json.addProperty("command", "explain " + command);
    json.add("data", model.facts());
    JsonObject versions = new JsonObject();
    versions.addProperty("vicinal", Version.text());
    versions.addProperty("java", Runtime.version().toString());
    versions.addProperty("isa", model.backend().isa());
    versions.addProperty("threads", model.backend().threads());
    versions.addProperty("blas", model.backend().blas());
    json.add("versions", versions);
    return json;
  }

  /** JSON has no NaN and no infinity: such a number is null. */
  static JsonElement number(double value) {
    return Double.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;
  }

  /** The same read: null is NaN. */
  static double number(JsonElement json) {
    return json == null || json.isJsonNull() ? Double.NaN : json.getAsDouble();
  }

  /** A fact of any kind as JSON. */
  static JsonElement fact(Object value) {
    if (value instanceof Double number) {
      return number(number);
    }
    if (value instanceof Iterable<?> list) {
      JsonArray array = new JsonArray();
      list.forEach(entry -> array.add(fact(entry)));
      return array;
    }
    return value instanceof Number || value instanceof Boolean
        ? JsonFile.gson().toJsonTree(value)
        : new JsonPrimitive(String.valueOf(value));
  }
}
