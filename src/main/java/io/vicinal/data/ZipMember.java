package io.vicinal.data;

import io.vicinal.InputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** A member of a ZIP archive: an array of a NumPy {@code .npz}, a storage of PyTorch. */
final class ZipMember implements InputFile.ByteSource {
  /** Deflate's best is 1032 to 1; a member that claims more is damage or malice. */
  private static final long MOST_TIMES = 1100;

  private final ZipFile zip;
  private final ZipEntry entry;
  private CheckedInputStream stream;
  private long done; // bytes that stream has given

  /** A member of an open archive, which the source closes. */
  ZipMember(ZipFile zip, ZipEntry entry) {
    this.zip = zip;
    this.entry = entry;
  }

  /**
   * @param file the archive
   * @param member an array's name with or without {@code .npy}; null for the only one
   */
  static InputFile open(Path file, String member) {
    ZipFile zip = null;
    try {
      zip = new ZipFile(file.toFile());
      ZipEntry entry = find(file, zip, member);
      long size = entry.getSize();
      if (size < 0 || size / MOST_TIMES > entry.getCompressedSize() + 1) {
        throw InputFile.problem(
            file, "claims a member of " + size + " bytes", "write it again with numpy.savez");
      }
      Path name = Path.of(file + ":" + bare(entry.getName()));
      return new InputFile(name, new ZipMember(zip, entry), size);
    } catch (IOException | IllegalArgumentException e) {
      close(zip);
      throw InputFile.problem(
          file,
          "is no .npz that can be read (" + InputFile.reason(e) + ")",
          "write it again with numpy.savez",
          e);
    } catch (InputException e) {
      close(zip);
      throw e;
    }
  }

  private static ZipEntry find(Path file, ZipFile zip, String member) {
    List<String> names = new ArrayList<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      String name = entry.getName();
      if (member != null && (name.equals(member) || name.equals(member + ".npy"))) {
        return entry;
      }
      if (name.endsWith(".npy")) {
        names.add(name);
      }
    }
    if (member == null && names.size() == 1) {
      return zip.getEntry(names.get(0));
    }
    if (names.isEmpty()) {
      throw InputFile.problem(file, "holds no arrays", "write it with numpy.savez");
    }
    throw InputFile.problem(
        file,
        (member == null
                ? "holds " + names.size() + " arrays"
                : "has no array '" + InputFile.printable(member) + "'")
            + ": "
            + InputFile.listed(names.stream().map(ZipMember::bare).toList()),
        "name one, such as " + file.getFileName() + ":" + bare(names.get(0)));
  }

  private static String bare(String name) {
    return InputFile.printable(name.endsWith(".npy") ? name.substring(0, name.length() - 4) : name);
  }

  private static void close(ZipFile zip) {
    try {
      if (zip != null) {
        zip.close();
      }
    } catch (IOException e) {
      // The first failure is the one to report.
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int count) throws IOException {
    if (stream == null) {
      start();
    }
    int read = stream.read(bytes, offset, count);
    done += Math.max(0, read);
    // ZipFile compares no checksums, and a stored member has no other guard.
    if (done == entry.getSize() && stream.getChecksum().getValue() != entry.getCrc()) {
      throw new IOException("its checksum is another: the archive is damaged");
    }
    return read;
  }

  private void start() throws IOException {
    stream = new CheckedInputStream(zip.getInputStream(entry), new CRC32());
    done = 0;
  }

  @Override
  public boolean seekable() {
    return false;
  }

  /** Back by starting over. */
  @Override
  public void seek(long position) throws IOException {
    if (stream == null || position < done) {
      start();
    }
    stream.skipNBytes(position - done);
    done = position;
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
