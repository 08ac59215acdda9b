package io.vicinal.data;

import io.vicinal.InputException;
import io.vicinal.tensor.Tensor;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes a file so that a reader sees the old contents or the new ones, whatever happens between: a
 * temporary name in the same folder, flushed to the disk, then renamed. A failure (disk full, no
 * permission) leaves the old file and removes the temporary one. Works while the thread's interrupt
 * flag is set. Stateless, so safe for any thread; of two writers of one path the last wins.
 */
public final class AtomicFile {
  private static final int PIECE = 256 << 10;

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
    Path name = path.getFileName();
    if (name == null || Files.isDirectory(path)) {
      throw InputFile.problem(path, "is a folder", "name a file to write");
    }
    Path folder = path.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      throw InputFile.problem(
          path,
          "cannot be written: its folder does not exist",
          "create " + InputFile.printable(folder.toString()));
    }
    Path temporary = folder.resolve("." + name + "." + UUID.randomUUID() + ".tmp");
    boolean interrupted = Thread.interrupted(); // channels of interrupted threads close themselves
    try {
      writeAndSync(temporary, contents);
      Files.move(
          temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      syncFolder(folder);
    } catch (IOException e) {
      throw InputFile.problem(
          path,
          "cannot be written (" + reason(e) + ")",
          "check the free space and permissions of its folder; what was there before is untouched",
          e);
    } finally {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        // The first failure is the one to report; a left-over temporary file harms nobody.
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The system's own words without the temporary name. */
  private static String reason(IOException e) {
    String text = InputFile.reason(e);
    return e instanceof java.nio.file.AccessDeniedException
        ? "permission denied"
        : text.replaceAll("^/.*\\.tmp(: | )?", "").strip();
  }

  private static void writeAndSync(Path temporary, Contents contents) throws IOException {
    try (FileOutputStream file = new FileOutputStream(temporary.toFile())) {
      BufferedOutputStream out = new BufferedOutputStream(file, PIECE);
      contents.writeTo(out);
      out.flush();
      file.getFD().sync();
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
