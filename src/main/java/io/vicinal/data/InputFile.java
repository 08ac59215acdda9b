package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Tensor;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that is read front to back in bounded pieces, and whose every failure is one sentence that
 * names it. Plain blocking reads: an interrupted thread may still read (and save) its files. Not
 * for several threads at once.
 */
final class InputFile implements AutoCloseable {
  private static final int PIECE = 256 << 10;

  private final Path path;
  private final RandomAccessFile file;
  private final long size;

  private InputFile(Path path, RandomAccessFile file, long size) {
    this.path = path;
    this.file = file;
    this.size = size;
  }

  static InputFile open(Path path) {
    try {
      if (Files.isDirectory(path)) {
        throw problem(path, "is a folder", "name a file");
      }
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        throw problem(path, "is not a regular file", "copy its contents to a file first");
      }
      RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
      try {
        return new InputFile(path, file, file.length());
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    } catch (FileNotFoundException e) {
      throw Files.exists(path)
          ? problem(path, "cannot be read", "check its permissions", e)
          : problem(path, "does not exist", "check the path", e);
    } catch (IOException | UnsupportedOperationException e) {
      throw problem(path, "cannot be read (" + reason(e) + ")", "check the disk and the path", e);
    }
  }

  /** One sentence: the file, what is wrong with it, what to do. */
  static InputException problem(Path path, String what, String remedy) {
    return problem(path, what, remedy, null);
  }

  static InputException problem(Path path, String what, String remedy, Throwable cause) {
    return new InputException(printable(path.toString()) + ": " + what + "; " + remedy, cause);
  }

  InputException problem(String what, String remedy) {
    return problem(path, what, remedy, null);
  }

  /**
   * Text from a file or a path, cut and without control characters, so that a message stays one
   * line.
   */
  static String printable(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), 200); i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? '?' : c);
    }
    return text.length() > 200 ? out + "..." : out.toString();
  }

  static String reason(Exception e) {
    String text = e.getMessage();
    return printable(text == null ? e.getClass().getSimpleName() : text);
  }

  Path path() {
    return path;
  }

  /** Real length in bytes. */
  long size() {
    return size;
  }

  long position() {
    try {
      return file.getFilePointer();
    } catch (IOException e) {
      throw problem(path, "cannot be read (" + reason(e) + ")", "check the disk", e);
    }
  }

  void seek(long position) {
    try {
      file.seek(position);
    } catch (IOException e) {
      throw problem(path, "cannot be read (" + reason(e) + ")", "check the disk", e);
    }
  }

  /** Fills {@code bytes}; the caller has compared its length with {@link #size()}. */
  void readFully(byte[] bytes, int count) {
    try {
      file.readFully(bytes, 0, count);
    } catch (EOFException e) {
      throw problem(path, "ends too early", "write it again: it is truncated", e);
    } catch (IOException e) {
      throw problem(path, "cannot be read (" + reason(e) + ")", "check the disk", e);
    }
  }

  byte[] readFully(int count) {
    byte[] bytes = new byte[count];
    readFully(bytes, count);
    return bytes;
  }

  /** Fills a tensor with the next {@link Tensor#byteSize()} bytes. */
  void readInto(Tensor tensor) {
    byte[] piece = new byte[(int) Math.min(PIECE, tensor.byteSize())];
    for (long done = 0; done < tensor.byteSize(); ) {
      int count = (int) Math.min(piece.length, tensor.byteSize() - done);
      readFully(piece, count);
      tensor.write(done, ByteBuffer.wrap(piece, 0, count));
      done += count;
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw problem(path, "cannot be closed (" + reason(e) + ")", "check the disk", e);
    }
  }
}
