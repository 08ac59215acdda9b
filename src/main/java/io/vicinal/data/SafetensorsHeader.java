package io.vicinal.data;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.vicinal.InputException;
import io.vicinal.tensor.Shape;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Parses and checks the JSON that heads a {@code .safetensors} file. The structure is fixed, so the
 * reader never nests deeper than the format does. What is wrong is an {@link
 * IllegalArgumentException} whose message completes "the header ...".
 */
final class SafetensorsHeader {
  private static final int MAX_RANK = 32;
  private static final String METADATA = "__metadata__";

  /** One tensor's entry; offsets count from the end of the header. */
  record Entry(String name, Element dtype, Shape shape, long begin, long end) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafetensorsHeader() {}

  /**
   * @param json the header's text
   * @param dataBytes bytes of the file after the header
   */
  static SafetensorsHeader parse(String json, long dataBytes) {
    SafetensorsHeader header = new SafetensorsHeader();
    try (JsonReader reader = new JsonReader(new StringReader(json))) {
      reader.setStrictness(Strictness.STRICT);
      header.readAll(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("has something after its JSON object");
      }
    } catch (MalformedJsonException | JsonParseException | IllegalStateException e) {
      throw new IllegalArgumentException("is not the JSON that the format prescribes", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("is cut-off JSON", e);
    }
    header.checkLayout(dataBytes);
    return header;
  }

  Map<String, Entry> entries() {
    return entries;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  private void readAll(JsonReader reader) throws IOException {
    Set<String> seen = new HashSet<>();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (!seen.add(name)) {
        throw new IllegalArgumentException(
            "has the name '" + InputFile.printable(name) + "' twice");
      }
      if (name.equals(METADATA)) {
        readMetadata(reader);
      } else {
        entries.put(name, readEntry(reader, name));
      }
    }
    reader.endObject();
  }

  private void readMetadata(JsonReader reader) throws IOException {
    if (reader.peek() == JsonToken.NULL) { // as the format's own library reads none
      reader.nextNull();
      return;
    }
    reader.beginObject();
    while (reader.hasNext()) {
      String key = reader.nextName();
      if (reader.peek() != JsonToken.STRING) {
        throw new IllegalArgumentException("has " + METADATA + " that is not text");
      }
      if (metadata.put(key, reader.nextString()) != null) {
        throw new IllegalArgumentException(
            "has the " + METADATA + " key '" + InputFile.printable(key) + "' twice");
      }
    }
    reader.endObject();
  }

  private static Entry readEntry(JsonReader reader, String name) throws IOException {
    String dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    int fields = 0;
    reader.beginObject();
    while (reader.hasNext()) {
      fields++;
      switch (reader.nextName()) {
        case "dtype" -> {
          if (reader.peek() != JsonToken.STRING) {
            throw wrong(name, "a dtype that is not text");
          }
          dtype = reader.nextString();
        }
        case "shape" -> shape = integers(reader, name, MAX_RANK);
        case "data_offsets" -> offsets = integers(reader, name, 2);
        default -> throw wrong(name, "an unknown field");
      }
    }
    reader.endObject();
    if (fields != 3 || dtype == null || shape == null || offsets == null || offsets.size() != 2) {
      throw wrong(name, "not exactly one dtype, shape and pair of data_offsets");
    }
    return new Entry(name, dtype(name, dtype), shape(name, shape), offsets.get(0), offsets.get(1));
  }

  private static List<Long> integers(JsonReader reader, String name, int atMost)
      throws IOException {
    List<Long> values = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      // Gson would take "1" and 1.0 for integers; the format has neither.
      String digits = reader.peek() == JsonToken.NUMBER ? reader.nextString() : "";
      if (!digits.matches("[0-9]{1,19}") || values.size() == atMost) {
        throw wrong(name, "a shape or data_offsets that are not a few integers of 0 or more");
      }
      try {
        values.add(Long.parseLong(digits));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            wrong(name, "a number that does not fit 64 bits").getMessage(), e);
      }
    }
    reader.endArray();
    return values;
  }

  private static Element dtype(String name, String dtype) {
    Element element = Element.ofSafetensors(dtype);
    if (element == null) {
      throw wrong(
          name,
          "the dtype "
              + InputFile.printable(dtype)
              + ", which is not read (save it as F32, such as with .float() in PyTorch)");
    }
    return element;
  }

  private static Shape shape(String name, List<Long> dims) {
    try {
      return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    } catch (InputException e) {
      throw new IllegalArgumentException(wrong(name, "a shape that overflows").getMessage(), e);
    }
  }

  private static IllegalArgumentException wrong(String name, String what) {
    return new IllegalArgumentException("gives tensor '" + InputFile.printable(name) + "' " + what);
  }

  /** Every byte of the data belongs to exactly one tensor, as the format demands. */
  private void checkLayout(long dataBytes) {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long expected = 0;
    for (Entry entry : sorted) {
      if (entry.begin > entry.end || entry.end > dataBytes) {
        throw wrong(
            entry.name, "data_offsets outside the file, which has " + dataBytes + " bytes of data");
      }
      if (entry.begin != expected) {
        throw wrong(
            entry.name,
            entry.begin < expected
                ? "bytes that another tensor has too"
                : "bytes that leave a hole before them");
      }
      // No overflow: end - begin fits the file, and the division is exact.
      long bytes = entry.end - entry.begin;
      if (bytes % entry.dtype.bytes() != 0 || bytes / entry.dtype.bytes() != entry.shape.size()) {
        throw wrong(
            entry.name,
            bytes + " bytes, which do not hold shape " + entry.shape + " of " + entry.dtype);
      }
      expected = entry.end;
    }
    if (expected != dataBytes) {
      throw new IllegalArgumentException(
          "leaves " + (dataBytes - expected) + " bytes of the file to no tensor");
    }
  }
}
