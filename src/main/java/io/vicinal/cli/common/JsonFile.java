package io.vicinal.cli.common;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import io.vicinal.data.AtomicFile;
import java.nio.file.Path;

/** Indented JSON files, written whole or not at all. */
public final class JsonFile {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  private static final Gson TREE =
      new GsonBuilder()
          .setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
          .registerTypeHierarchyAdapter(
              Enum.class,
              (JsonSerializer<Enum<?>>) (value, type, context) -> GSON.toJsonTree(value.toString()))
          .serializeSpecialFloatingPointValues() // null in the end
          .serializeNulls()
          .create();

  private JsonFile() {}

  /** Writes an object; a number that JSON does not have (NaN, infinite) becomes null. */
  public static void write(Path path, JsonObject object) {
    AtomicFile.writeText(path, GSON.toJson(finite(object)) + "\n");
  }

  private static JsonElement finite(JsonElement element) {
    if (element instanceof JsonObject object) {
      JsonObject copy = new JsonObject();
      object.entrySet().forEach(e -> copy.add(e.getKey(), finite(e.getValue())));
      return copy;
    }
    if (element instanceof JsonArray array) {
      JsonArray copy = new JsonArray();
      array.forEach(e -> copy.add(finite(e)));
      return copy;
    }
    boolean bad =
        element instanceof JsonPrimitive value
            && value.isNumber()
            && !Double.isFinite(value.getAsDouble());
    return bad ? JsonNull.INSTANCE : element;
  }

  /** A value as JSON: components of records are named in lower case with underscores. */
  public static JsonElement tree(Object value) {
    return finite(TREE.toJsonTree(value));
  }

  public static Gson gson() {
    return GSON;
  }
}
