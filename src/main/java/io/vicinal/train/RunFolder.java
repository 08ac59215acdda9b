package io.vicinal.train;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.data.AtomicFile;
import io.vicinal.data.Endings;
import io.vicinal.data.LockFile;
import io.vicinal.data.Scratch;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * A run's folder, locked against other processes while it is open.
 *
 * <pre>
 *   config.json        the resolved configuration; under "run": version, data hash, class ids
 *   metrics.jsonl      a line for the raw features (epoch 0), and a line per epoch
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

  private static final String LOCK = ".lock";
  private static final Gson JSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private final Path folder;
  private final LockFile lock;
  private final Deque<Path> created;

  private RunFolder(Path folder, LockFile lock, Deque<Path> created) {
    this.folder = folder;
    this.lock = lock;
    this.created = created;
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
      throw cannotWrite(folder, refusal(there));
    }
    if (!Files.exists(folder)) {
      return;
    }
    if (Files.exists(folder.resolve(LOCK))) {
      try {
        lock(folder).close(); // says when another process trains here
      } catch (IOException e) {
        throw cannotWrite(folder, e);
      }
    }
    if (mode == RunMode.NEW) {
      refuseRun(folder);
    }
  }

  private static IOException refusal(Path folder) {
    try {
      return Files.getFileStore(folder).isReadOnly()
          ? new IOException("Read-only file system")
          : new AccessDeniedException(folder.toString());
    } catch (IOException e) {
      return e;
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
    Deque<Path> created = new ArrayDeque<>();
    LockFile lock;
    try {
      createMissing(folder.toAbsolutePath(), created);
      lock = lock(folder);
    } catch (IOException e) {
      created.forEach(Endings::remove);
      throw Files.exists(folder) && !Files.isDirectory(folder)
          ? new InputException(folder + ": is a file; name a folder for the run", e)
          : cannotWrite(folder, e);
    }
    RunFolder run = new RunFolder(folder, lock, created);
    try {
      Scratch.sweep(folder);
      if (mode == RunMode.NEW) {
        refuseRun(folder);
      }
      if (mode == RunMode.RESTART && holdsRun(folder)) {
        run.moveAway();
      }
      createMissing(run.checkpoint().toAbsolutePath(), created);
      Scratch.sweep(run.checkpoint());
      return run;
    } catch (IOException e) {
      run.close();
      throw cannotWrite(folder, e);
    } catch (RuntimeException e) {
      run.close();
      throw e;
    }
  }

  private static LockFile lock(Path folder) throws IOException {
    LockFile lock = LockFile.take(folder.resolve(LOCK));
    if (lock == null) {
      throw new InputException(
          folder + ": another process is training here; wait for it, or name another folder");
    }
    return lock;
  }

  /** Makes a folder and those above it; they go with a run that never began. */
  private static void createMissing(Path path, Deque<Path> created) throws IOException {
    if (!Files.isDirectory(path)) {
      if (path.getParent() != null) {
        createMissing(path.getParent(), created);
      }
      Endings.whole(() -> Files.createDirectory(path));
      Endings.add(path);
      created.push(path);
    }
  }

  private static InputException cannotWrite(Path folder, IOException e) {
    String why = e instanceof AccessDeniedException ? "permission denied" : e.getMessage();
    return new InputException(
        folder + ": cannot be written (" + why + "); choose a writable folder for the run", e);
  }

  Path path() {
    return folder;
  }

  Path config() {
    return config(folder);
  }

  static Path config(Path folder) {
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

  /** Replaces a file of JSON as a whole. */
  static void write(Path file, JsonObject json) {
    AtomicFile.writeText(file, JSON.toJson(json) + "\n");
  }

  @Override
  public void close() {
    lock.close();
    created.forEach(Endings::remove); // those that hold something stay
  }
}
