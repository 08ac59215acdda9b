package io.vicinal.data.onnx;

import com.google.protobuf.CodedOutputStream;
import io.vicinal.OptionalLibrary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A message of ONNX's protocol buffers, written field by field: the numbers of fields are those of
 * onnx.proto3. For one thread.
 */
final class OnnxMessage {
  /** ONNX's numbers of element types. */
  static final int FLOAT = 1;

  static final int INT64 = 7;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CodedOutputStream out;

  /**
   * @throws io.vicinal.InputException if the library that writes is not there
   */
  OnnxMessage() {
    OptionalLibrary.PROTOBUF.require("writing a model in ONNX's format");
    out = CodedOutputStream.newInstance(bytes);
  }

  private interface Field {
    void write() throws IOException;
  }

  private OnnxMessage add(Field field) {
    try {
      field.write();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException("memory is written", e);
    }
  }

  OnnxMessage number(int field, long value) {
    return add(() -> out.writeInt64(field, value));
  }

  OnnxMessage text(int field, String value) {
    return add(() -> out.writeString(field, value));
  }

  OnnxMessage bytes(int field, byte[] value) {
    return add(() -> out.writeByteArray(field, value));
  }

  OnnxMessage message(int field, OnnxMessage value) {
    return bytes(field, value.toBytes());
  }

  byte[] toBytes() {
    add(out::flush);
    return bytes.toByteArray();
  }

  // ---- parts of a graph
  // --------------------------------------------------------------------------

  /** A TensorProto. */
  static OnnxMessage tensor(String name, float[] values, long... dims) {
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return tensor(name, FLOAT, raw.array(), dims);
  }

  /** A TensorProto of whole numbers. */
  static OnnxMessage tensor(String name, long[] values, long... dims) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    return tensor(name, INT64, raw.array(), dims);
  }

  private static OnnxMessage tensor(String name, int type, byte[] raw, long... dims) {
    OnnxMessage tensor = new OnnxMessage();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    return tensor.number(2, type).text(8, name).bytes(9, raw);
  }

  /** A ValueInfoProto; a length below 0 is open. */
  static OnnxMessage value(String name, int type, long... dims) {
    OnnxMessage shape = new OnnxMessage();
    for (int i = 0; i < dims.length; i++) {
      OnnxMessage dim = new OnnxMessage();
      shape.message(1, dims[i] < 0 ? dim.text(2, i == 0 ? "N" : "d" + i) : dim.number(1, dims[i]));
    }
    OnnxMessage tensor = new OnnxMessage().number(1, type).message(2, shape);
    return new OnnxMessage().text(1, name).message(2, new OnnxMessage().message(1, tensor));
  }

  /** A NodeProto without attributes, which follow as field 5. */
  static OnnxMessage node(String type, String output, String... inputs) {
    OnnxMessage node = new OnnxMessage();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, output).text(4, type);
  }

  /** An AttributeProto. */
  static OnnxMessage integers(String name, long... values) {
    OnnxMessage attribute = new OnnxMessage().text(1, name);
    for (long value : values) {
      attribute.number(8, value);
    }
    return attribute.number(20, 7);
  }

  /** An AttributeProto. */
  static OnnxMessage integer(String name, long value) {
    return new OnnxMessage().text(1, name).number(3, value).number(20, 2);
  }

  /** An OperatorSetIdProto: the operators of ONNX itself. */
  static OnnxMessage operators(long version) {
    return new OnnxMessage().text(1, "").number(2, version);
  }
}
