package io.vicinal.data;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * A file of bytes in the format of MNIST, packed with gzip where its name ends in .gz: a magic
 * number, sizes, the bytes. Immutable; what it holds is read anew each time.
 */
public final class IdxFile {
  private static final int BYTES_MAGIC = 0x0800;

  /** More than any IDX file of this family has: a bound on what a damaged header can ask for. */
  private static final int MAX_IMAGES = 10_000_000;

  private static final int MAX_SIDE = 1024;

  /** Reads the bytes after the header. */
  @FunctionalInterface
  public interface Body<T> {
    /** Reads exactly as many as the sizes say. */
    T read(DataInputStream in) throws IOException;
  }

  private final Path path;
  private final int[] sizes;
  private final String remedy;

  private IdxFile(Path path, int rank, String remedy) {
    this.path = path;
    this.sizes = new int[rank];
    this.remedy = remedy;
  }

  /**
   * Reads the header and compares it with the file's length.
   *
   * @param rank how many sizes it has
   * @param remedy what messages tell users to do
   * @throws io.vicinal.InputException if the file is not there or damaged
   */
  public static IdxFile open(Path path, int rank, String remedy) {
    IdxFile file = new IdxFile(path, rank, remedy);
    if (!Files.isReadable(path)) {
      throw InputFile.problem(path, "is not there", remedy);
    }
    boolean whole =
        file.reading(
            in -> {
              int found = in.readInt();
              if (found != (BYTES_MAGIC | rank)) {
                throw InputFile.problem(
                    path,
                    "does not start as an IDX file of bytes (0x" + Integer.toHexString(found) + ")",
                    remedy);
              }
              for (int axis = 0; axis < rank; axis++) {
                file.sizes[axis] = in.readInt();
                if (file.sizes[axis] < 1
                    || file.sizes[axis] > (axis == 0 ? MAX_IMAGES : MAX_SIDE)) {
                  throw InputFile.problem(path, "claims a size of " + file.sizes[axis], remedy);
                }
              }
              return file.isWhole();
            });
    if (!whole) {
      file.read(
          in -> {
            byte[] piece = new byte[64 << 10]; // to skip goes beyond the end of a file
            for (long left = file.length(); left > 0; left -= piece.length) {
              in.readFully(piece, 0, (int) Math.min(left, piece.length));
            }
            return null;
          });
    }
    return file;
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** One of its sizes, from 0: samples, height, width. */
  public int size(int axis) {
    return sizes[axis];
  }

  private long length() {
    long length = 1;
    for (int size : sizes) {
      length *= size;
    }
    return length;
  }

  /** Whether the length is that of the header; gzip ends with that of what it packs. */
  private boolean isWhole() throws IOException {
    long expected = Integer.BYTES * (1L + sizes.length) + length();
    if (!isPacked()) {
      return Files.size(path) == expected;
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.seek(Math.max(0, file.length() - Integer.BYTES));
      return Integer.reverseBytes(file.readInt()) == (int) expected;
    }
  }

  private boolean isPacked() {
    return path.toString().endsWith(".gz");
  }

  /** All bytes after the header. */
  public byte[] bytes() {
    if (length() > Integer.MAX_VALUE - 8) {
      throw InputFile.problem(path, "has more than 2 GiB", "split it");
    }
    return read(
        in -> {
          byte[] bytes = new byte[(int) length()];
          in.readFully(bytes);
          return bytes;
        });
  }

  /**
   * Reads the bytes after the header.
   *
   * @throws io.vicinal.InputException if there are fewer or more than the header says
   */
  public <T> T read(Body<T> body) {
    return reading(
        in -> {
          in.readFully(new byte[Integer.BYTES * (1 + sizes.length)]);
          T result = body.read(in);
          if (in.read() >= 0) {
            throw InputFile.problem(path, "has more data than its header says", remedy);
          }
          return result;
        });
  }

  private <T> T reading(Body<T> body) {
    try (InputStream file = new FileInputStream(path.toFile());
        InputStream unpacked = isPacked() ? new GZIPInputStream(file, 64 << 10) : file;
        DataInputStream in = new DataInputStream(new BufferedInputStream(unpacked, 64 << 10))) {
      return body.read(in);
    } catch (EOFException e) {
      throw InputFile.problem(path, "is truncated", remedy, e);
    } catch (IOException e) {
      throw InputFile.problem(path, "cannot be read (" + InputFile.reason(e) + ")", remedy, e);
    }
  }
}
