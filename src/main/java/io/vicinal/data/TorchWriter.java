package io.vicinal.data;

import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes a dict of tensors as {@code torch.save} does. For one thread. */
final class TorchWriter {
  private static final String FOLDER = "archive/";
  private static final int ALIGNMENT = 64;
  private static final int LOCAL_HEADER = 30;
  private static final int EXTRA_HEADER = 4;

  /** Of no file in particular: the bytes depend on the tensors alone. */
  private static final LocalDateTime WRITTEN = LocalDateTime.of(1980, 2, 1, 0, 0);

  /** What a member of the archive holds; written twice, first for its checksum. */
  private interface Member {
    void writeTo(OutputStream out) throws IOException;
  }

  private final ZipOutputStream zip;
  private long position;

  private TorchWriter(OutputStream out) {
    zip = new ZipOutputStream(out);
    zip.setMethod(ZipOutputStream.STORED);
  }

  static void write(Path path, Map<String, Tensor> tensors) {
    byte[] object;
    try {
      object = new TorchPickle().dict(tensors);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("a tensor's name is no Unicode", e);
    }
    AtomicFile.write(path, out -> new TorchWriter(out).all(object, tensors));
  }

  private void all(byte[] object, Map<String, Tensor> tensors) throws IOException {
    member("data.pkl", object);
    member("byteorder", ascii("little"));
    int key = 0;
    for (Tensor tensor : tensors.values()) {
      member("data/" + key++, tensor.byteSize(), out -> AtomicFile.writeTensor(out, tensor));
    }
    member("version", ascii("3\n"));
    zip.finish();
  }

  private void member(String name, byte[] bytes) throws IOException {
    member(name, bytes.length, out -> out.write(bytes));
  }

  private void member(String name, long size, Member contents) throws IOException {
    CRC32 crc = new CRC32();
    contents.writeTo(new CheckedOutputStream(OutputStream.nullOutputStream(), crc));
    ZipEntry entry = new ZipEntry(FOLDER + name);
    entry.setTimeLocal(WRITTEN);
    entry.setSize(size);
    entry.setCrc(crc.getValue());
    long unaligned = position + LOCAL_HEADER + entry.getName().length() + EXTRA_HEADER;
    entry.setExtra(padding((int) (-unaligned & ALIGNMENT - 1)));
    zip.putNextEntry(entry);
    contents.writeTo(zip);
    zip.closeEntry();
    position = unaligned + entry.getExtra().length - EXTRA_HEADER + size;
  }

  /** A field of zeros, of the kind that torch.save writes, so that numbers can be mapped. */
  private static byte[] padding(int bytes) {
    return ByteBuffer.allocate(EXTRA_HEADER + bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 'F')
        .put((byte) 'B')
        .putShort((short) bytes)
        .array();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The object: protocol 2, an OrderedDict of tensors, each a view of a storage of its own. */
  private static final class TorchPickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] dict(Map<String, Tensor> tensors) throws CharacterCodingException {
      code(0x80);
      code(2);
      emptyDict();
      code('(');
      int key = 0;
      for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
        text(entry.getKey());
        tensor(entry.getValue(), key++);
      }
      code('u');
      code('.');
      return out.toByteArray();
    }

    private void tensor(Tensor tensor, int key) throws CharacterCodingException {
      global("torch._utils", "_rebuild_tensor_v2");
      code('(');
      code('(');
      text("storage");
      global("torch", storage(tensor.dtype()));
      text(Integer.toString(key));
      text("cpu");
      number(tensor.size());
      code('t');
      code('Q');
      number(0);
      long[] shape = tensor.shape().dims();
      long[] strides = new long[shape.length];
      long stride = 1;
      for (int i = shape.length - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= Math.max(1, shape[i]);
      }
      numbers(shape);
      numbers(strides);
      code(0x89);
      emptyDict();
      code('t');
      code('R');
    }

    private static String storage(DType type) {
      return switch (type) {
        case F32 -> "FloatStorage";
        case F64 -> "DoubleStorage";
        case I64 -> "LongStorage";
      };
    }

    private void emptyDict() {
      global("collections", "OrderedDict");
      code(')');
      code('R');
    }

    private void global(String module, String name) {
      code('c');
      out.writeBytes(ascii(module + "\n" + name + "\n"));
    }

    private void text(String text) throws CharacterCodingException {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      code('X');
      little(bytes.remaining(), 4);
      out.write(bytes.array(), 0, bytes.limit());
    }

    private void numbers(long[] numbers) {
      code('(');
      for (long number : numbers) {
        number(number);
      }
      code('t');
    }

    private void number(long number) {
      if (number <= Integer.MAX_VALUE) {
        code('J');
        little(number, 4);
      } else {
        code(0x8a);
        code(8);
        little(number, 8);
      }
    }

    private void little(long number, int bytes) {
      for (int i = 0; i < bytes; i++) {
        code((int) (number >> 8 * i));
      }
    }

    private void code(int code) {
      out.write(code);
    }
  }
}
