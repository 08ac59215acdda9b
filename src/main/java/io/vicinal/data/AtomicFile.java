package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes a file so that a reader sees the old contents or the new ones, whatever happens between: a
 * hidden file in the same folder, flushed to the disk, then renamed. A failure (disk full, no
 * permission) or the end of the process leaves the old file and nothing else. What is replaced
 * keeps its mode and owner, a symbolic link stays one, and what is no file (a device, a pipe) is
 * written through. Works while the thread's interrupt flag is set. Safe for any thread; of two
 * writers of one path the last wins.
 */
public final class AtomicFile {
  private static final int PIECE = 256 << 10;

  /** Folders that this process has already freed of what killed ones left. */
  private static final Set<Path> SWEPT = ConcurrentHashMap.newKeySet();

  private AtomicFile() {}

  /** Produces the contents. */
  @FunctionalInterface
  public interface Contents {
    /** Writes everything to {@code out}, which is buffered and closed by the caller. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Replaces {@code path} by what {@code contents} writes.
   *
   * @throws InputException one sentence that names the file, when the folder cannot be written or
   *     the disk is full
   */
  public static void write(Path path, Contents contents) {
    Target target = Target.of(path);
    boolean interrupted = Thread.interrupted(); // channels of interrupted threads close themselves
    try {
      if (target.kind() == Target.Kind.STREAM) {
        writeThrough(target, contents);
      } else {
        replace(target, contents);
      }
    } catch (IOException e) {
      throw Target.unwritable(path, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Replaces {@code path} by text in UTF-8.
   *
   * @throws InputException also when it is no Unicode, which nobody could read again
   */
  public static void writeText(Path path, CharSequence text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      write(path, out -> out.write(bytes.array(), 0, bytes.limit()));
    } catch (CharacterCodingException e) {
      throw InputFile.problem(
          path,
          "would hold text that is no Unicode (half a surrogate pair)",
          "correct that name",
          e);
    }
  }

  /**
   * Lets a finished file take the place of another, which keeps its mode and owner; or copies it
   * through, where that is no file that can be replaced. To be called within {@link Endings#whole}.
   *
   * @throws IOException when that fails; the other is then as it was
   */
  public static void move(Path finished, Path path) throws IOException {
    Target target = Target.of(path);
    if (target.kind() == Target.Kind.STREAM) {
      writeThrough(target, out -> Files.copy(finished, out));
      return;
    }
    Path real = target.real();
    if (target.kind() == Target.Kind.FILE && !takesAfter(finished, real)) {
      copyInto(finished, real);
      return;
    }
    try {
      Files.move(
          finished, real, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (FileSystemException e) {
      boolean sameFolder = finished.toRealPath().getParent().equals(real.getParent());
      if (!sameFolder) { // behind a link on another disk, or a mount point
        replace(target, out -> Files.copy(finished, out));
      } else if (target.kind() == Target.Kind.FILE) { // a mount point
        copyInto(finished, real);
      } else {
        throw e;
      }
      return;
    }
    syncFolder(real.getParent());
  }

  private static void writeThrough(Target target, Contents contents) throws IOException {
    OutputStream file = target.open();
    BufferedOutputStream out = new BufferedOutputStream(file, PIECE);
    contents.writeTo(out);
    out.flush();
    if (!target.isStandardOutput()) {
      file.close();
    }
  }

  private static void replace(Target target, Contents contents) throws IOException {
    Path folder = target.real().getParent();
    if (!Endings.isHidden(folder) && SWEPT.add(folder)) {
      Scratch.sweep(folder);
    }
    try (Scratch scratch = Scratch.file(folder)) {
      BufferedOutputStream out = new BufferedOutputStream(scratch.out(), PIECE);
      contents.writeTo(out);
      out.flush();
      scratch.sync();
      Endings.whole(
          () -> {
            move(scratch.path(), target.path());
            return null;
          });
    }
  }

  /** Gives a file the mode and owner of another; false where that is not allowed. */
  private static boolean takesAfter(Path file, Path other) throws IOException {
    String what = "unix:mode,uid,gid";
    Map<String, Object> own = Files.readAttributes(file, what, LinkOption.NOFOLLOW_LINKS);
    Map<String, Object> wanted = Files.readAttributes(other, what, LinkOption.NOFOLLOW_LINKS);
    try {
      for (String name : new String[] {"uid", "gid", "mode"}) { // a new owner clears bits of it
        if (!own.get(name).equals(wanted.get(name)) || name.equals("mode")) {
          Files.setAttribute(file, "unix:" + name, wanted.get(name), LinkOption.NOFOLLOW_LINKS);
        }
      }
      return true;
    } catch (FileSystemException e) {
      return false;
    }
  }

  /** Writes over a file that cannot be renamed over; the disk must have room before it begins. */
  private static void copyInto(Path finished, Path file) throws IOException {
    long room = Files.getFileStore(file).getUsableSpace() + Files.size(file);
    if (Files.size(finished) > room) {
      throw new IOException("No space left on device");
    }
    try (FileOutputStream out = new FileOutputStream(file.toFile())) {
      Files.copy(finished, out);
      out.getFD().sync();
    }
  }

  /**
   * A rename is on the disk only when its folder is. Some file systems cannot sync a folder: then
   * the rename is as safe as they make it.
   */
  private static void syncFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Nothing to undo: the file itself is complete.
    }
  }

  /** Writes a tensor's little-endian elements. */
  static void writeTensor(OutputStream out, Tensor tensor) throws IOException {
    byte[] piece = new byte[(int) Math.min(PIECE, tensor.byteSize())];
    for (long done = 0; done < tensor.byteSize(); ) {
      int count = (int) Math.min(piece.length, tensor.byteSize() - done);
      tensor.read(done, ByteBuffer.wrap(piece, 0, count));
      out.write(piece, 0, count);
      done += count;
    }
  }
}
