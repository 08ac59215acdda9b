package io.vicinal.train;

import io.vicinal.InputException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * {@code metrics.jsonl}: appended to, flushed to the disk line by line. A checkpoint remembers its
 * length, and a resumed run cuts what a crash left beyond it.
 */
final class MetricsLog {

  private final Path file;
  private long bytes;

  private MetricsLog(Path file, long bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * @param bytes the length that is kept
   * @throws InputException when the file is shorter, or cannot be written
   */
  static MetricsLog open(Path file, long bytes) {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      if (access.length() < bytes) {
        throw new InputException(
            file
                + ": is shorter ("
                + access.length()
                + " bytes) than its checkpoint says ("
                + bytes
                + "); restore it, or start over");
      }
      access.setLength(bytes);
      access.getFD().sync();
      return new MetricsLog(file, bytes);
    } catch (IOException e) {
      throw cannotWrite(file, e);
    }
  }

  long bytes() {
    return bytes;
  }

  void append(String line) {
    byte[] text = (line + "\n").getBytes(StandardCharsets.UTF_8);
    try (FileOutputStream out = new FileOutputStream(file.toFile(), true)) {
      out.write(text);
      out.getFD().sync();
    } catch (IOException e) {
      throw cannotWrite(file, e);
    }
    bytes += text.length;
  }

  private static InputException cannotWrite(Path file, IOException e) {
    return new InputException(
        file
            + ": cannot be written ("
            + e.getMessage()
            + "); check the free space and permissions, then resume the run",
        e);
  }
}
