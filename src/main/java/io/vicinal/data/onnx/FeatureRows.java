package io.vicinal.data.onnx;

import io.vicinal.InputException;
import io.vicinal.data.InputFile;
import io.vicinal.data.onnx.OnnxModel.Features;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.zip.CRC32;

/**
 * Rows of features as they come, batch by batch, with a checksum each. A process that is killed
 * leaves whole batches, and perhaps a part of one, which the next one cuts off. For one thread.
 */
public final class FeatureRows implements AutoCloseable {
  private static final int HEAD = 12; // rows, width, checksum

  private final Path file;
  private final FileChannel channel;
  private final BitSet leftOut = new BitSet();
  private int rows;
  private int width;

  /** Opens the file, or makes it. */
  public FeatureRows(Path file) {
    this.file = file;
    try {
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      long end = scan(null);
      channel.truncate(end).position(end);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private InputException failed(IOException e) {
    return InputFile.problem(
        file,
        "cannot be written (" + InputFile.reason(e) + ")",
        "make room and run the same again: it goes on where it stopped",
        e);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private boolean fill(ByteBuffer bytes, long at) throws IOException {
    while (bytes.hasRemaining()) {
      int count = channel.read(bytes, at + bytes.position());
      if (count < 0) {
        return false;
      }
    }
    bytes.flip();
    return true;
  }

  private static int sum(ByteBuffer values) {
    CRC32 crc = new CRC32();
    crc.update(values.duplicate());
    return (int) crc.getValue();
  }

  /** Looks at whole batches, copies rows that are kept, and says where the last one ends. */
  private long scan(Tensor into) throws IOException {
    long at = 0;
    rows = 0;
    int to = 0;
    ByteBuffer head = buffer(HEAD);
    while (fill(head.clear(), at)) {
      int count = head.getInt(0);
      int each = head.getInt(4);
      long bytes = 4L * count * each;
      boolean sound = count > 0 && each > 0 && bytes <= channel.size() - at - HEAD;
      if (!sound || rows > 0 && each != width) {
        break;
      }
      ByteBuffer values = buffer((int) bytes);
      if (!fill(values, at + HEAD) || sum(values) != head.getInt(8)) {
        break;
      }
      for (int i = 0; i < count; i++) {
        boolean bad = Float.isNaN(values.getFloat(4 * each * i));
        leftOut.set(rows + i, bad);
        if (into != null && !bad) {
          into.write(4L * each * to++, values.slice(4 * each * i, 4 * each));
        }
      }
      rows += count;
      width = each;
      at += HEAD + bytes;
    }
    return at;
  }

  /** How many there are. */
  public int size() {
    return rows;
  }

  /** Adds a batch. */
  public void add(Features batch, int count) {
    if (rows > 0 && batch.width() != width) {
      throw new InputException(
          "the model gives "
              + batch.width()
              + " features where it gave "
              + width
              + " before; choose an output of one width");
    }
    ByteBuffer bytes = buffer(HEAD + 4 * count * batch.width());
    bytes.position(HEAD);
    bytes.asFloatBuffer().put(batch.values(), 0, count * batch.width());
    int sum = sum(bytes);
    bytes.putInt(0, count).putInt(4, batch.width()).putInt(8, sum).position(0);
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
    for (int i = 0; i < count; i++) {
      leftOut.set(rows + i, Float.isNaN(batch.values()[i * batch.width()]));
    }
    rows += count;
    width = batch.width();
  }

  /** Which are not: NaN stands for a picture that cannot be read. */
  public BitSet leftOut() {
    return (BitSet) leftOut.clone();
  }

  /** All of them, float32 [rows, width], but those that are left out. */
  public Tensor read(Arena arena) {
    Tensor features = arena.allocate(DType.F32, rows - leftOut.cardinality(), width);
    try {
      scan(features);
    } catch (IOException e) {
      throw failed(e);
    }
    return features;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
