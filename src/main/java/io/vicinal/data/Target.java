package io.vicinal.data;

import io.vicinal.InputException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What a path that is to be written really is, behind any symbolic links: a file that can be
 * replaced as a whole, or something that bytes go through (a device, a pipe, an open handle such as
 * /dev/stdout). Immutable.
 *
 * @param path as it was named
 * @param real where the last link leads
 * @param kind what is there
 */
public record Target(Path path, Path real, Kind kind) {
  private static final int LINKS = 40; // as many as Linux follows
  private static final int TYPE = 0170000;
  private static final int BLOCK = 0060000;
  private static final int SOCKET = 0140000;
  private static final int WRITE_BITS = 0222;
  private static final int ACCESS = 3; // O_ACCMODE: 0 is O_RDONLY

  /** What is there. */
  public enum Kind {
    /** Nothing yet. */
    NEW,
    /** A regular file. */
    FILE,
    /** Bytes go through it; it has no contents to keep. */
    STREAM
  }

  /**
   * Looks.
   *
   * @throws InputException one sentence, if nothing can be written there: a folder, a disk, a
   *     missing folder, a file that is read-only
   */
  public static Target of(Path path) {
    try {
      return found(path);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private static Target found(Path path) throws IOException {
    Path at = path.toAbsolutePath();
    for (int links = 0; links <= LINKS; links++) {
      if (at.getFileName() == null) {
        throw folder(path);
      }
      Path parent;
      try {
        parent = at.getParent().toRealPath();
      } catch (NoSuchFileException | NotDirectoryException e) {
        throw InputFile.problem(
            path,
            "cannot be written: its folder does not exist",
            "create " + InputFile.printable(at.getParent().toString()),
            e);
      }
      at = parent.resolve(at.getFileName());
      if (!Files.isSymbolicLink(at)) {
        return new Target(path, at, kind(path, at));
      }
      if (parent.endsWith("fd") && parent.startsWith("/proc")) {
        writable(path, at);
        return new Target(path, at, Kind.STREAM); // an open handle: its link is not a name
      }
      at = parent.resolve(Files.readSymbolicLink(at));
    }
    throw InputFile.problem(path, "is a circle of links", "name a file to write");
  }

  /**
   * To open the link of a handle opens its file anew, for writing too where it was opened for
   * reading: Java's own libraries lie behind some numbers.
   */
  private static void writable(Path path, Path handle) throws IOException {
    Path info = handle.getParent().resolveSibling("fdinfo").resolve(handle.getFileName());
    for (String line : Files.readAllLines(info)) {
      if (line.startsWith("flags:")
          && (Integer.parseInt(line.substring(6).strip(), 8) & ACCESS) == 0) {
        throw InputFile.problem(
            path,
            "is not open for writing",
            "open it, as the shell does with N>FILE, or name a file");
      }
    }
  }

  private static InputException folder(Path path) {
    return InputFile.problem(path, "is a folder", "name a file to write");
  }

  private static Kind kind(Path path, Path at) throws IOException {
    int mode;
    try {
      mode = (int) Files.getAttribute(at, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      if (!Files.isWritable(at.getParent())) {
        throw InputFile.problem(
            path,
            "cannot be written: its folder is read-only",
            "choose another, or change its permissions");
      }
      return Kind.NEW;
    }
    if (Files.isDirectory(at)) {
      throw folder(path);
    }
    if ((mode & TYPE) == BLOCK || (mode & TYPE) == SOCKET) {
      String what = (mode & TYPE) == BLOCK ? "is a disk" : "is a socket";
      throw InputFile.problem(path, what, "name a file to write");
    }
    if (!Files.isRegularFile(at)) {
      if (!Files.isWritable(at)) {
        throw new AccessDeniedException(at.toString());
      }
      return Kind.STREAM;
    }
    if ((mode & WRITE_BITS) == 0) { // also to root, who could
      throw InputFile.problem(
          path, "is read-only", "name another file, or make it writable if it may be replaced");
    }
    if (!Files.isWritable(at.getParent())) {
      throw InputFile.problem(
          path,
          "cannot be replaced: its folder is read-only",
          "choose another, or change its permissions");
    }
    FileChannel.open(at, StandardOpenOption.WRITE).close(); // what else could forbid it
    return Kind.FILE;
  }

  /** Whether bytes would go to this process's standard output. */
  public boolean isStandardOutput() {
    return kind == Kind.STREAM && isHandle(1);
  }

  private boolean isHandle(int number) {
    String own = "/proc/" + ProcessHandle.current().pid() + "/";
    return real.startsWith("/proc")
        && real.toString().startsWith(own)
        && real.getFileName().toString().equals(Integer.toString(number));
  }

  /** Opens a stream for writing; its handle stays open when it is one of this process's own. */
  OutputStream open() throws IOException {
    if (isHandle(1)) {
      return new FileOutputStream(FileDescriptor.out);
    }
    return isHandle(2)
        ? new FileOutputStream(FileDescriptor.err)
        : new FileOutputStream(real.toFile());
  }

  /** The sentence of a failure to write, in the system's own words without hidden names. */
  static InputException unwritable(Path path, IOException e) {
    String why = InputFile.reason(e);
    if (e instanceof AccessDeniedException) {
      why = "permission denied";
    } else if (e instanceof FileSystemException file && file.getReason() != null) {
      why = InputFile.printable(file.getReason());
    } else { // java.io's: "name (reason)"
      why = why.replaceAll("^/.*\\.vicinal-tmp-\\S*( \\(|: | )?", "").replaceAll("\\)$", "");
    }
    Path folder = path.toAbsolutePath().getParent();
    boolean hidden = folder != null && Endings.isHidden(folder);
    return InputFile.problem(
        hidden ? folder.resolveSibling(path.getFileName()) : path,
        "cannot be written (" + why + ")",
        (why.contains("too long")
                ? "choose a shorter name"
                : "check the free space and permissions of its folder")
            + (Files.isRegularFile(hidden ? folder.resolveSibling(path.getFileName()) : path)
                ? "; what was there before is untouched"
                : ""),
        e);
  }
}
