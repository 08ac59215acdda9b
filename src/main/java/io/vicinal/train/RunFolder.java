package io.vicinal.train;

import io.vicinal.InputException;
import io.vicinal.data.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A run's folder, locked against other processes while it is open.
 *
 * <pre>
 *   config.json        the resolved configuration; under "run": version, data hash, class ids
 *   metrics.jsonl      a line per epoch
 *   head.safetensors   the best head on validation so far, without validation the last
 *   result.json        written when the run has finished
 *   diverged.json      step, tensor and sample ids of a batch that made a NaN or infinity
 *   checkpoint/        what a resumed run goes on from
 * </pre>
 *
 * Nothing that existed is lost: a new run refuses a folder that holds one, and a restarted run
 * moves the old files to {@code previous-N}.
 */
final class RunFolder implements AutoCloseable {

  private static final List<String> FILES =
      List.of(
          "config.json",
          "metrics.jsonl",
          "head.safetensors",
          "result.json",
          "diverged.json",
          "checkpoint");

  private final Path folder;
  private final FileChannel channel;
  private final FileLock lock;

  private RunFolder(Path folder, FileChannel channel, FileLock lock) {
    this.folder = folder;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Says what {@link #open} would refuse, and makes nothing.
   *
   * @throws InputException as {@link #open}
   */
  static void checkUsable(Path folder, RunMode mode) {
    Path there = folder.toAbsolutePath();
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (there != null && !Files.isDirectory(there)) {
      throw new InputException(
          Files.exists(folder)
              ? folder + ": is a file; name a folder for the run"
              : folder
                  + ": cannot be written ("
                  + there
                  + " is a file); choose a writable folder for the run");
    }
    if (there != null && !Files.isWritable(there)) {
      throw cannotWrite(folder, new AccessDeniedException(there.toString()));
    }
    if (!Files.exists(folder)) {
      return;
    }
    if (Files.exists(folder.resolve(".lock"))) {
      lock(folder).close(); // says when another process trains here
    }
    if (mode == RunMode.NEW) {
      refuseRun(folder);
    }
  }

  private static void refuseRun(Path folder) {
    if (holdsRun(folder)) {
      throw new InputException(
          folder
              + ": already holds a run; resume it, start over (the old run moves to a subfolder),"
              + " or name another folder");
    }
  }

  /**
   * Creates the folder if need be, locks it, and makes room as the mode says.
   *
   * @throws InputException when it cannot be used; the sentence says why
   */
  static RunFolder open(Path folder, RunMode mode) {
    try {
      Files.createDirectories(folder);
    } catch (FileAlreadyExistsException e) {
      throw new InputException(folder + ": is a file; name a folder for the run", e);
    } catch (IOException e) {
      throw cannotWrite(folder, e);
    }
    RunFolder run = lock(folder);
    try {
      run.removeTemporaries(folder);
      if (mode == RunMode.NEW) {
        refuseRun(folder);
      }
      if (mode == RunMode.RESTART && holdsRun(folder)) {
        run.moveAway();
      }
      Files.createDirectories(run.checkpoint());
      run.removeTemporaries(run.checkpoint());
      return run;
    } catch (IOException e) {
      run.close();
      throw cannotWrite(folder, e);
    } catch (RuntimeException e) {
      run.close();
      throw e;
    }
  }

  private static RunFolder lock(Path folder) {
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return new RunFolder(folder, channel, lock);
      }
    } catch (OverlappingFileLockException e) {
      // another run of this process; told like that of another one
    } catch (IOException e) {
      closeQuietly(channel);
      throw cannotWrite(folder, e);
    }
    closeQuietly(channel);
    throw new InputException(
        folder + ": another process is training here; wait for it, or name another folder");
  }

  private static InputException cannotWrite(Path folder, IOException e) {
    String why = e instanceof AccessDeniedException ? "permission denied" : e.getMessage();
    return new InputException(
        folder + ": cannot be written (" + why + "); choose a writable folder for the run", e);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // it was only opened to lock
    }
  }

  Path path() {
    return folder;
  }

  Path config() {
    return folder.resolve("config.json");
  }

  Path metrics() {
    return folder.resolve("metrics.jsonl");
  }

  Path head() {
    return folder.resolve("head.safetensors");
  }

  Path result() {
    return folder.resolve("result.json");
  }

  Path diverged() {
    return folder.resolve("diverged.json");
  }

  Path checkpoint() {
    return folder.resolve("checkpoint");
  }

  private static boolean holdsRun(Path folder) {
    return FILES.stream().anyMatch(name -> holds(folder.resolve(name)));
  }

  /** An empty checkpoint folder is what a run leaves that was refused before it began. */
  private static boolean holds(Path path) {
    if (!Files.isDirectory(path)) {
      return Files.exists(path);
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.findAny().isPresent();
    } catch (IOException e) {
      return true;
    }
  }

  private void moveAway() throws IOException {
    int number = 1;
    while (Files.exists(folder.resolve("previous-" + number))) {
      number++;
    }
    Path old = Files.createDirectory(folder.resolve("previous-" + number));
    for (String name : FILES) {
      if (Files.exists(folder.resolve(name))) {
        Files.move(folder.resolve(name), old.resolve(name), StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  /** What a killed process left half written; the lock says that nobody writes now. */
  private void removeTemporaries(Path where) throws IOException {
    try (Stream<Path> files = Files.list(where)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith(".") && name.endsWith(".tmp")) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** Replaces a text file as a whole. */
  static void write(Path file, String text) {
    AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public void close() {
    try {
      if (channel.isOpen()) {
        lock.release();
      }
    } catch (IOException e) {
      // closing the channel releases it as well
    }
    closeQuietly(channel);
  }
}
