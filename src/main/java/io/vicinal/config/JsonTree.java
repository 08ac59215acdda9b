package io.vicinal.config;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;

/**
 * Strict JSON to a tree: no comments, no single quotes, no NaN, no duplicate keys, nothing after
 * the value. (Gson's own tree parser is lenient and keeps the last of two equal keys.)
 */
final class JsonTree {

  private static final int MAX_DEPTH = 32; // a configuration has four levels

  private JsonTree() {}

  /**
   * @param source what the text is called in errors: a file name
   */
  static JsonElement parse(String text, String source) {
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      JsonElement root = element(reader, source, 0);
      reader.peek(); // anything but the end is malformed
      return root;
    } catch (EOFException e) {
      throw OneLine.error(source + ": the JSON text ends too early; close it", e);
    } catch (MalformedJsonException e) {
      throw OneLine.error(source + ": not JSON" + place(e) + "; correct it there", e);
    } catch (IOException | NumberFormatException e) {
      throw OneLine.error(source + ": cannot be read: " + firstLine(e.getMessage()), e);
    }
  }

  private static JsonElement element(JsonReader reader, String source, int depth)
      throws IOException {
    if (depth > MAX_DEPTH) {
      throw OneLine.error(source + ": nested deeper than " + MAX_DEPTH + " levels");
    }
    switch (reader.peek()) {
      case BEGIN_OBJECT:
        return object(reader, source, depth);
      case BEGIN_ARRAY:
        JsonArray array = new JsonArray();
        reader.beginArray();
        while (reader.hasNext()) {
          array.add(element(reader, source, depth + 1));
        }
        reader.endArray();
        return array;
      case STRING:
        return new JsonPrimitive(reader.nextString());
      case NUMBER:
        return new JsonPrimitive(new BigDecimal(reader.nextString()));
      case BOOLEAN:
        return new JsonPrimitive(reader.nextBoolean());
      case NULL:
        reader.nextNull();
        return JsonNull.INSTANCE;
      default:
        throw OneLine.error(source + ": not JSON: a value was expected");
    }
  }

  private static JsonObject object(JsonReader reader, String source, int depth) throws IOException {
    JsonObject object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (object.has(key)) {
        throw OneLine.error(
            source + ": key \"" + key + "\" appears twice" + at(reader) + "; remove one");
      }
      object.add(key, element(reader, source, depth + 1));
    }
    reader.endObject();
    return object;
  }

  private static String at(JsonReader reader) {
    return " at " + reader.getPath();
  }

  /** Gson's messages name its own settings first and then the place: only that is for users. */
  private static String place(MalformedJsonException e) {
    String line = firstLine(e.getMessage());
    int at = line.indexOf(" at line ");
    return at < 0 ? ": " + line : line.substring(at);
  }

  private static String firstLine(String message) {
    return message == null ? "no reason given" : message.lines().findFirst().orElse("");
  }
}
