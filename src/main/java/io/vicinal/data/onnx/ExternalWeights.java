package io.vicinal.data.onnx;

import com.google.protobuf.CodedInputStream;
import io.vicinal.InputException;
import io.vicinal.OptionalLibrary;
import io.vicinal.data.InputFile;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which files a model keeps weights in, beside its own: what its tensors say of {@code
 * external_data}, wherever they are. Numbers of fields are those of onnx.proto3. Stateless.
 */
public final class ExternalWeights {
  private static final int DEEPEST = 100; // graphs within graphs

  private static final int LOCATION = 13; // of a tensor

  /** The fields of each message that lead to tensors. */
  private enum Message {
    MODEL,
    FUNCTION,
    GRAPH,
    NODE,
    ATTRIBUTE,
    SPARSE,
    TENSOR;

    private static final Map<Message, Map<Integer, Message>> PARTS =
        Map.of(
            MODEL, Map.of(7, GRAPH, 25, FUNCTION),
            FUNCTION, Map.of(7, NODE),
            GRAPH, Map.of(1, NODE, 5, TENSOR, 15, SPARSE),
            NODE, Map.of(5, ATTRIBUTE),
            ATTRIBUTE, Map.of(5, TENSOR, 6, GRAPH, 10, TENSOR, 11, GRAPH, 22, SPARSE, 23, SPARSE),
            SPARSE, Map.of(1, TENSOR, 2, TENSOR));

    Message part(int field) {
      return PARTS.getOrDefault(this, Map.of()).get(field);
    }
  }

  private ExternalWeights() {}

  /**
   * Reads them from a model that ONNX Runtime has opened.
   *
   * @return the files that there are, in the order of their names
   * @throws InputException one sentence, if the model cannot be read
   */
  public static List<Path> of(Path model) {
    OptionalLibrary.PROTOBUF.require("reading where a model keeps its weights");
    InputFile.open(model).close(); // says why not
    Set<String> names = new TreeSet<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(model), 1 << 16)) {
      read(CodedInputStream.newInstance(in), Message.MODEL, 0, names);
      return names.stream().map(model::resolveSibling).filter(Files::isRegularFile).toList();
    } catch (IOException | IllegalStateException | InvalidPathException e) {
      throw InputFile.problem(
          model, "is no ONNX model that can be taken apart", "export it again", e);
    }
  }

  private static void read(CodedInputStream in, Message message, int depth, Set<String> names)
      throws IOException {
    if (depth > DEEPEST) {
      throw new IOException("graphs within graphs");
    }
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      boolean location = message == Message.TENSOR && tag >>> 3 == LOCATION;
      Message part = message.part(tag >>> 3);
      if (part == null && !location) {
        in.skipField(tag);
        continue;
      }
      int end = in.pushLimit(in.readRawVarint32());
      if (location) {
        location(in, names);
      } else {
        read(in, part, depth + 1, names);
      }
      in.popLimit(end);
    }
  }

  /** A key and its value. */
  private static void location(CodedInputStream in, Set<String> names) throws IOException {
    String key = "";
    String value = "";
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case 1 -> key = in.readString();
        case 2 -> value = in.readString();
        default -> in.skipField(tag);
      }
    }
    if (key.equals("location")) {
      names.add(value);
    }
  }
}
