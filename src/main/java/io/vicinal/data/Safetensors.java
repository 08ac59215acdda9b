package io.vicinal.data;

import com.google.gson.stream.JsonWriter;
import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Named tensors in a {@code .safetensors} file: float32, float64 and int64 out; in also float16,
 * bfloat16, the smaller and unsigned integers and bools, converted to them. The header's length,
 * names, shapes and offsets are compared with the file's real size before a byte is allocated.
 * Stateless, so safe for any thread.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">the format</a>
 */
public final class Safetensors {
  /** Thousands of tensors fit; the format itself allows 100 MB. */
  private static final int MAX_HEADER = 16 << 20;

  private static final int LENGTH_BYTES = 8;

  private Safetensors() {}

  /**
   * Reads every tensor of a file.
   *
   * @return tensors of {@code arena} by name, in the header's order
   * @throws InputException if the file is missing, damaged, has other types, or is too large for
   *     memory
   */
  public static Map<String, Tensor> read(Path path, Arena arena) {
    try (InputFile file = InputFile.open(path)) {
      SafetensorsHeader header = header(file);
      long data = file.position();
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (SafetensorsHeader.Entry entry : header.entries().values()) {
        tensors.put(entry.name(), stored(file, data, entry).read(arena, entry.dtype().natural()));
      }
      return tensors;
    }
  }

  private static StoredArray stored(InputFile file, long data, SafetensorsHeader.Entry entry) {
    return new StoredArray(file, data + entry.begin(), entry.dtype(), false, false, entry.shape());
  }

  /** The tensor called {@code name} of an open file; null: its only one. */
  static StoredArray find(InputFile file, String name) {
    Map<String, SafetensorsHeader.Entry> entries = header(file).entries();
    String one = name == null && entries.size() == 1 ? entries.keySet().iterator().next() : name;
    SafetensorsHeader.Entry entry = one == null ? null : entries.get(one);
    if (entry == null) {
      throw file.problem(
          (name == null ? "holds " + entries.size() + " arrays: " : "has no such array, but ")
              + InputFile.listed(entries.keySet()),
          "name one, such as " + file.path().getFileName() + ":NAME");
    }
    return stored(file, file.position(), entry);
  }

  /**
   * Reads the free text of a file's header, after the same checks as {@link #read}.
   *
   * @return metadata by key, empty if there is none
   */
  public static Map<String, String> metadata(Path path) {
    try (InputFile file = InputFile.open(path)) {
      return header(file).metadata();
    }
  }

  /** What a file is by its first bytes, in place of a header's length; null if not known. */
  private static String otherFormat(byte[] start) {
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (text.startsWith("\u0093NUMPY")) {
      return "a NumPy array (.npy)";
    }
    if (text.startsWith("PK\u0003\u0004")) {
      return "a ZIP archive, as .npz and PyTorch's .pt are";
    }
    if (text.startsWith("\u0089HDF")) {
      return "an HDF5 file";
    }
    if (text.startsWith("\u0080\u0002") || text.startsWith("\u0080\u0004")) {
      return "a Python pickle";
    }
    // read as a length, eight characters of text, most of them ASCII, are more than any file has
    boolean printable = text.chars().allMatch(c -> c == '\n' || c == '\r' || c == '\t' || c >= ' ');
    return printable && text.chars().filter(c -> c < 127).count() > LENGTH_BYTES / 2
        ? "a text file"
        : null;
  }

  /** Only of what is no header: a length may look like the first bytes of anything. */
  private static void refuseOtherFormat(InputFile file, byte[] start) {
    OtherFormat.check(file.path(), file.peek(OtherFormat.BYTES));
    String other = otherFormat(start);
    if (other != null) {
      throw file.problem(
          "is " + other + ", not a .safetensors file", "name the .safetensors file that is meant");
    }
  }

  private static SafetensorsHeader header(InputFile file) {
    String remedy = "write it again with safetensors";
    if (file.size() < LENGTH_BYTES + 2) {
      throw file.problem("is not a .safetensors file (" + file.size() + " bytes)", remedy);
    }
    byte[] start = file.readFully(LENGTH_BYTES);
    long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
    long rest = file.size() - LENGTH_BYTES;
    if (length < 2 || length > rest || length > MAX_HEADER) {
      refuseOtherFormat(file, start);
      throw file.problem(
          "claims a header of "
              + Long.toUnsignedString(length)
              + " bytes, of a file of "
              + file.size()
              + " (at most "
              + MAX_HEADER
              + " are read)",
          remedy);
    }
    byte[] bytes = file.readFully((int) length);
    try {
      if (bytes[0] != '{') {
        refuseOtherFormat(file, start);
        throw new IllegalArgumentException("does not start with {");
      }
      String json = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return SafetensorsHeader.parse(json, rest - length);
    } catch (CharacterCodingException e) {
      throw InputFile.problem(file.path(), "the .safetensors header is not UTF-8", remedy, e);
    } catch (IllegalArgumentException e) {
      throw InputFile.problem(file.path(), "the .safetensors header " + e.getMessage(), remedy, e);
    }
  }

  /**
   * Writes tensors, replacing {@code path} as a whole (see {@link AtomicFile}). The bytes are a
   * function of the arguments: wider types first, so that all are aligned, then the map's order.
   *
   * @param metadata free text by key; may be empty
   * @throws IllegalArgumentException if a name or a text is null, no Unicode, or one that the
   *     format keeps for itself: nothing is written that {@link #read} would not give back
   * @throws InputException if the file cannot be written
   */
  public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) {
    List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
    ordered.sort(Comparator.comparingInt(entry -> -entry.getValue().dtype().bytes()));
    byte[] header = checkedHeader(ordered, metadata);
    AtomicFile.write(
        path,
        out -> {
          out.write(
              ByteBuffer.allocate(LENGTH_BYTES)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .putLong(header.length)
                  .array());
          out.write(header);
          for (Map.Entry<String, Tensor> entry : ordered) {
            AtomicFile.writeTensor(out, entry.getValue());
          }
        });
  }

  /** The header, read again: it says what it was given, or nothing is written. */
  private static byte[] checkedHeader(
      List<Map.Entry<String, Tensor>> tensors, Map<String, String> metadata) {
    byte[] header;
    try {
      header = headerOf(tensors, metadata);
    } catch (IOException e) { // of the encoder: memory does not fail
      throw new IllegalArgumentException("a tensor's name or a metadata text is no Unicode", e);
    }
    if (header.length > MAX_HEADER) {
      throw new IllegalArgumentException(
          "the names, shapes and metadata need more than " + MAX_HEADER + " bytes");
    }
    long data = tensors.stream().mapToLong(entry -> entry.getValue().byteSize()).sum();
    SafetensorsHeader again;
    try {
      again = SafetensorsHeader.parse(new String(header, StandardCharsets.UTF_8), data);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the header that these tensors need " + e.getMessage(), e);
    }
    boolean same =
        again.metadata().equals(metadata)
            && again.entries().size() == tensors.size()
            && tensors.stream()
                .allMatch(
                    entry -> {
                      SafetensorsHeader.Entry said = again.entries().get(entry.getKey());
                      return said != null
                          && said.dtype().is(entry.getValue().dtype())
                          && said.shape().equals(entry.getValue().shape());
                    });
    if (!same) {
      throw new IllegalArgumentException(
          "the format has no place for a tensor named __metadata__, nor for a name or text that is"
              + " null");
    }
    return header;
  }

  private static byte[] headerOf(
      List<Map.Entry<String, Tensor>> tensors, Map<String, String> metadata) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject();
      if (!metadata.isEmpty()) {
        json.name("__metadata__").beginObject();
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.name(entry.getKey()).value(entry.getValue());
        }
        json.endObject();
      }
      long offset = 0;
      for (Map.Entry<String, Tensor> entry : tensors) {
        Tensor tensor = entry.getValue();
        json.name(entry.getKey())
            .beginObject()
            .name("dtype")
            .value(tensor.dtype().name())
            .name("shape")
            .beginArray();
        for (long dim : tensor.shape().dims()) {
          json.value(dim);
        }
        json.endArray()
            .name("data_offsets")
            .beginArray()
            .value(offset)
            .value(offset + tensor.byteSize())
            .endArray()
            .endObject();
        offset += tensor.byteSize();
      }
      json.endObject();
    }
    // Spaces up to a multiple of 8 keep the data aligned in a mapped file.
    ByteBuffer bytes =
        StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text.getBuffer()));
    byte[] padded = new byte[(bytes.limit() + 7) / 8 * 8];
    Arrays.fill(padded, (byte) ' ');
    bytes.get(padded, 0, bytes.limit());
    return padded;
  }
}
