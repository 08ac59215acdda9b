package io.vicinal.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Collectors;

/** Writes .npy files byte by byte, well-formed and otherwise, sharing no code with the product. */
final class NpyBytes {
  private NpyBytes() {}

  static Path floats(Path file, float[] values, long... shape) {
    ByteBuffer data = buffer(4 * values.length);
    for (float value : values) {
      data.putFloat(value);
    }
    return raw(file, "<f4", data.array(), shape);
  }

  static Path doubles(Path file, double[] values, long... shape) {
    ByteBuffer data = buffer(8 * values.length);
    for (double value : values) {
      data.putDouble(value);
    }
    return raw(file, "<f8", data.array(), shape);
  }

  static Path longs(Path file, long... values) {
    ByteBuffer data = buffer(8 * values.length);
    for (long value : values) {
      data.putLong(value);
    }
    return raw(file, "<i8", data.array(), values.length);
  }

  /** Rows of int64, [m, columns]; none are [0, 3]. */
  static Path rows(Path file, long[]... rows) {
    int columns = rows.length == 0 ? 3 : rows[0].length;
    ByteBuffer data = buffer(8 * rows.length * columns);
    Arrays.stream(rows).flatMapToLong(Arrays::stream).forEach(data::putLong);
    return raw(file, "<i8", data.array(), rows.length, columns);
  }

  /** Standard normal values of a fixed seed. */
  static Path random(Path file, long seed, int rows, int columns) {
    Random random = new Random(seed);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return floats(file, values, rows, columns);
  }

  static Path raw(Path file, String descr, byte[] data, long... shape) {
    String dims =
        Arrays.stream(shape).mapToObj(d -> d + ",").collect(Collectors.joining(" ", "(", ")"));
    return header(
        file, "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + dims + ", }", data);
  }

  /** A version 1.0 file with this header text, padded as NumPy pads it. */
  static Path header(Path file, String header, byte[] data) {
    int pad = 64 - (10 + header.length() + 1) % 64;
    byte[] text = (header + " ".repeat(pad) + "\n").getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer all = buffer(10 + text.length + data.length);
    all.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    all.putShort((short) text.length).put(text).put(data);
    return write(file, all.array());
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
