package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.process.Encoding;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * A file, or a member of a zip archive, that is read front to back in bounded pieces, and whose
 * every failure is one sentence that names it. Plain blocking reads: an interrupted thread may
 * still read (and save) its files. Not for several threads at once.
 */
public final class InputFile implements AutoCloseable {
  private static final int PIECE = 256 << 10;
  private static final int LISTED = 10;

  /** Where the bytes come from. */
  interface ByteSource extends AutoCloseable {
    /** As {@link InputStream#read(byte[], int, int)}. */
    int read(byte[] bytes, int offset, int count) throws IOException;

    /** Whether {@link #seek} is quick. */
    boolean seekable();

    void seek(long position) throws IOException;

    @Override
    void close() throws IOException;
  }

  private final Path path;
  private final ByteSource source;
  private final long size;
  private long position;

  InputFile(Path path, ByteSource source, long size) {
    this.path = path;
    this.source = source;
    this.size = size;
  }

  /** Opens a regular file; every refusal is a sentence that names it. */
  public static InputFile open(Path path) {
    try {
      if (Files.isDirectory(path)) {
        throw problem(path, "is a folder", "name a file");
      }
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        throw problem(path, "is not a regular file", "copy its contents to a file first");
      }
      RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
      try {
        return new InputFile(path, new Plain(file), file.length());
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    } catch (FileNotFoundException e) {
      throw missing(path, e);
    } catch (IOException | UnsupportedOperationException e) {
      throw problem(path, "cannot be read (" + reason(e) + ")", "check the disk and the path", e);
    }
  }

  /** Why a file could not be opened: Java's own exception says the same of all. */
  private static InputException missing(Path path, IOException e) {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return problem(path, "cannot be read", "check its permissions", e);
    } catch (AccessDeniedException denied) {
      return problem(path, "cannot be reached", "check the permissions of its folders", e);
    } catch (IOException none) {
      boolean loop = none instanceof FileSystemException f && reason(f).contains("symbolic links");
      return loop
          ? problem(path, "is a circle of links", "name the file that is meant", e)
          : problem(path, "does not exist", "check the path" + Encoding.advice(path.toString()), e);
    }
  }

  private record Plain(RandomAccessFile file) implements ByteSource {
    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
      return file.read(bytes, offset, count);
    }

    @Override
    public boolean seekable() {
      return true;
    }

    @Override
    public void seek(long position) throws IOException {
      file.seek(position);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** One sentence: the file, what is wrong with it, what to do. */
  public static InputException problem(Path path, String what, String remedy) {
    return problem(path, what, remedy, null);
  }

  /** The same with its cause. */
  public static InputException problem(Path path, String what, String remedy, Throwable cause) {
    return new InputException(printable(path.toString()) + ": " + what + "; " + remedy, cause);
  }

  /** As {@link #problem(Path, String, String)}, of this file. */
  public InputException problem(String what, String remedy) {
    return problem(path, what, remedy, null);
  }

  /**
   * Text from a file or a path, cut and without control characters, so that a message stays one
   * line.
   */
  public static String printable(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), 200); i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) || c == '\u2028' || c == '\u2029' ? '?' : c);
    }
    return text.length() > 200 ? out + "..." : out.toString();
  }

  /** The first names of things in a file, for a message. */
  public static String listed(Collection<String> names) {
    String some =
        names.stream().limit(LISTED).map(InputFile::printable).collect(Collectors.joining(", "));
    return some + (names.size() > LISTED ? ", ..." : "");
  }

  /** What an exception says, on one line. */
  public static String reason(Exception e) {
    String text = e.getMessage();
    return printable(text == null ? e.getClass().getSimpleName() : text);
  }

  Path path() {
    return path;
  }

  /** Real length in bytes. */
  public long size() {
    return size;
  }

  long position() {
    return position;
  }

  /** Whether any place is as quickly read as the next one. */
  boolean seekable() {
    return source.seekable();
  }

  /** What is read next begins there. */
  public void seek(long to) {
    try {
      source.seek(to);
      position = to;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** Fills {@code bytes}; the caller has compared its length with {@link #size()}. */
  public void readFully(byte[] bytes, int count) {
    try {
      for (int done = 0; done < count; ) {
        int read = source.read(bytes, done, count - done);
        if (read < 0) {
          throw new EOFException();
        }
        done += read;
        position += read;
      }
    } catch (EOFException e) {
      throw problem(path, "ends too early", "write it again: it is truncated", e);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** The next bytes; the caller has compared their number with {@link #size()}. */
  public byte[] readFully(int count) {
    byte[] bytes = new byte[count];
    readFully(bytes, count);
    return bytes;
  }

  /** The first bytes, at most so many; what is read next starts at the front again. */
  byte[] peek(int count) {
    seek(0);
    byte[] start = readFully((int) Math.min(count, size));
    seek(0);
    return start;
  }

  /** Room for what a file holds; where there is none, the error names the file. */
  static Tensor allocate(Path path, Arena arena, DType type, Shape shape) {
    try {
      return arena.allocate(type, shape);
    } catch (InputException e) {
      throw new InputException(printable(path.toString()) + ": " + e.getMessage(), e);
    }
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

  /** What is left, as a stream; closing it does nothing. */
  InputStream stream() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return source.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int count) throws IOException {
        return source.read(bytes, offset, count);
      }
    };
  }

  InputException unreadable(IOException e) {
    return problem(path, "cannot be read (" + reason(e) + ")", "check the file and the disk", e);
  }

  @Override
  public void close() {
    try {
      source.close();
    } catch (IOException e) {
      throw problem(path, "cannot be closed (" + reason(e) + ")", "check the disk", e);
    }
  }
}
