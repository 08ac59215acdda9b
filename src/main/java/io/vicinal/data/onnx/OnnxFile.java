package io.vicinal.data.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A model's file, mapped, of which everything is copied as it lies but its outputs, and to whose
 * graph something is added. For one thread.
 */
final class OnnxFile implements AutoCloseable {
  private static final int OLDEST = 11; // a Gemm without a bias
  private static final int GRAPH = 7;
  private static final int DELIMITED = 2; // protocol buffers' wire type

  private record Piece(int from, int to) {}

  private final Path file;
  private final FileChannel channel;
  private final ByteBuffer bytes;
  private final List<Piece> before = new ArrayList<>(); // beside the graph
  private final List<Piece> graph = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private long operators;

  /**
   * @throws InputException one sentence, if this is no model in one file that can be added to
   */
  OnnxFile(Path file) {
    this.file = file;
    InputFile.open(file).close(); // says why not
    FileChannel opened = null;
    try {
      opened = FileChannel.open(file, StandardOpenOption.READ);
      if (opened.size() > Integer.MAX_VALUE) {
        throw problem("has more than 2 GiB", "append the head in the program that made the model");
      }
      bytes = opened.map(FileChannel.MapMode.READ_ONLY, 0, opened.size());
      channel = opened;
      model(CodedInputStream.newInstance(bytes.duplicate()));
      checkTaken();
    } catch (IOException | IllegalStateException e) {
      close(opened);
      throw InputFile.problem(
          file, "is no ONNX model that can be taken apart", "export it again", e);
    } catch (InputException e) {
      close(opened);
      throw e;
    }
  }

  private static void close(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // it was read only
    }
  }

  private InputException problem(String what, String remedy) {
    return InputFile.problem(file, what, remedy);
  }

  private void checkTaken() {
    if (graph.isEmpty()) {
      throw problem("has no graph", "name a model in ONNX's format");
    }
    if (operators < OLDEST) {
      throw problem(
          "is of operator set " + operators + ", before " + OLDEST,
          "export it again with opset " + OLDEST + " or a later one");
    }
  }

  // ---- reading: numbers of fields are those of onnx.proto3
  // ----------------------------------------------------------

  private void model(CodedInputStream in) throws IOException {
    int at = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case GRAPH -> {
          if (!graph.isEmpty()) {
            throw problem("has several graphs", "export it again");
          }
          int end = limit(in);
          graph(in);
          in.popLimit(end);
        }
        case 8 -> {
          int end = limit(in);
          operators(in);
          in.popLimit(end);
          before.add(new Piece(at, in.getTotalBytesRead()));
        }
        default -> {
          in.skipField(tag);
          before.add(new Piece(at, in.getTotalBytesRead()));
        }
      }
      at = in.getTotalBytesRead();
    }
  }

  private static int limit(CodedInputStream in) throws IOException {
    return in.pushLimit(in.readRawVarint32());
  }

  private void operators(CodedInputStream in) throws IOException {
    String domain = "";
    long version = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (tag >>> 3) {
        case 1 -> domain = in.readString();
        case 2 -> version = in.readInt64();
        default -> in.skipField(tag);
      }
    }
    if (domain.isEmpty() || domain.equals("ai.onnx")) {
      operators = version;
    }
  }

  private void graph(CodedInputStream in) throws IOException {
    int at = in.getTotalBytesRead();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = tag >>> 3;
      switch (field) {
        case 1 -> named(in, 2, 0); // nodes: outputs
        case 5 -> named(in, 8, 14); // tensors
        case 11, 12 -> named(in, 1, 0); // inputs and outputs
        default -> in.skipField(tag);
      }
      if (field != 12) {
        graph.add(new Piece(at, in.getTotalBytesRead()));
      }
      at = in.getTotalBytesRead();
    }
  }

  /**
   * @param elsewhere the field that says whether a tensor's values lie in another file, or 0
   */
  private void named(CodedInputStream in, int name, int elsewhere) throws IOException {
    int end = limit(in);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (tag >>> 3 == name) {
        names.add(in.readString());
      } else if (tag >>> 3 == elsewhere && in.readEnum() == 1) {
        throw problem(
            "keeps its weights in a file beside it", "save it as one file, as onnx.save does");
      } else if (tag >>> 3 != elsewhere) {
        in.skipField(tag);
      }
    }
    in.popLimit(end);
  }

  /** The version of ONNX's own operators. */
  long operators() {
    return operators;
  }

  /** A name that nothing in the graph has or begins with. */
  String free(String wanted) {
    String name = wanted;
    for (int i = 1; begun(name); i++) {
      name = wanted + i;
    }
    return name;
  }

  private boolean begun(String name) {
    return names.stream().anyMatch(one -> one.startsWith(name));
  }

  // ---- writing
  // --------------------------------------------------------------------------------------

  /**
   * @param inGraph fields that the graph gets, with its outputs
   * @param behind fields that the model gets
   */
  void write(OutputStream out, byte[] inGraph, byte[] behind) throws IOException {
    long length = inGraph.length;
    for (Piece piece : graph) {
      length += piece.to - piece.from;
    }
    if (length + behind.length > Integer.MAX_VALUE - (1 << 20)) {
      throw problem(
          "has more than 2 GiB with the head", "append it in the program that made the model");
    }
    WritableByteChannel to = Channels.newChannel(out);
    copy(before, to);
    CodedOutputStream head = CodedOutputStream.newInstance(out, 64);
    head.writeTag(GRAPH, DELIMITED);
    head.writeUInt32NoTag((int) length);
    head.flush();
    copy(graph, to);
    out.write(inGraph);
    out.write(behind);
  }

  private void copy(List<Piece> pieces, WritableByteChannel to) throws IOException {
    for (Piece piece : pieces) {
      ByteBuffer some = bytes.slice(piece.from, piece.to - piece.from);
      while (some.hasRemaining()) {
        to.write(some);
      }
    }
  }

  @Override
  public void close() {
    close(channel);
  }
}
