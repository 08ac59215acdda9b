package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Class labels from a {@code .npy} file: one dimension, any integer type of 8 to 64 bits,
 * little-endian, none negative. Stateless, so safe for any thread.
 */
public final class Labels {
  private static final int PIECE = 32 << 10;

  private Labels() {}

  /**
   * Reads labels.
   *
   * @return a tensor I64 [N] of {@code arena}, every element 0 or more
   * @throws InputException if the file is damaged, not a vector of integers, empty, or has a
   *     negative label
   */
  public static Tensor read(Path path, Arena arena) {
    try (InputFile file = InputFile.open(path)) {
      Npy.Header header = Npy.header(file);
      String type = header.descr().substring(1);
      if (!type.matches("[iu][1248]")) {
        throw file.problem(
            "labels have dtype '" + header.descr() + "'",
            "labels are integers: save them with .astype('<i8')");
      }
      if (header.shape().rank() != 1) {
        throw file.problem(
            "labels have shape " + header.shape(), "save one dimension, with .reshape(-1)");
      }
      if (header.shape().size() == 0) {
        throw file.problem("has no labels", "save one label per row");
      }
      Tensor labels = Npy.allocate(file, arena, DType.I64, header.shape());
      convert(file, labels, type.charAt(0) == 'u', header.itemBytes());
      return labels;
    }
  }

  private static void convert(InputFile file, Tensor labels, boolean unsigned, int width) {
    ByteBuffer source = ByteBuffer.allocate(PIECE * width).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer target = ByteBuffer.allocate(PIECE * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (long from = 0; from < labels.size(); from += PIECE) {
      int count = (int) Math.min(PIECE, labels.size() - from);
      file.readFully(source.array(), count * width);
      for (int k = 0; k < count; k++) {
        long label = element(source, k, width, unsigned);
        if (label < 0) {
          throw file.problem(
              "label "
                  + (unsigned ? Long.toUnsignedString(label) : label)
                  + " at position "
                  + (from + k)
                  + (unsigned ? " is too large" : " is negative"),
              "labels are 0, 1, 2, ...: number the classes from 0");
        }
        target.putLong(8 * k, label);
      }
      labels.write(8 * from, target.clear().limit(8 * count));
    }
  }

  private static long element(ByteBuffer bytes, int k, int width, boolean unsigned) {
    return switch (width) {
      case 1 -> unsigned ? bytes.get(k) & 0xff : bytes.get(k);
      case 2 -> unsigned ? bytes.getShort(2 * k) & 0xffff : bytes.getShort(2 * k);
      case 4 -> unsigned ? bytes.getInt(4 * k) & 0xffffffffL : bytes.getInt(4 * k);
      default -> bytes.getLong(8 * k);
    };
  }
}
