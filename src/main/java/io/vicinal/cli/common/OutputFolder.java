package io.vicinal.cli.common;

import io.vicinal.InputException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that receives several files at once: they are written to a hidden folder inside it and
 * renamed when all are complete. Without {@link #commit} the folder is left as it was found. Not
 * thread-safe.
 */
public final class OutputFolder implements AutoCloseable {
  private final Path folder;
  private final Path staging;
  private final Deque<Path> created = new ArrayDeque<>();
  private final List<String> names = new ArrayList<>();
  private boolean kept;

  /**
   * Opens the folder, creating it where it is missing.
   *
   * @throws InputException if the folder cannot be written
   */
  public OutputFolder(Path folder) {
    this(folder, null);
  }

  /**
   * As {@link #OutputFolder(Path)}, with a hidden folder of a fixed name that a later call finds
   * again if this one was {@link #keep kept} or killed.
   */
  public OutputFolder(Path folder, String hidden) {
    this.folder = folder;
    try {
      createMissing(folder.toAbsolutePath());
      staging =
          hidden == null
              ? Files.createTempDirectory(folder, ".vicinal-")
              : Files.createDirectories(folder.resolve(".vicinal-" + hidden));
    } catch (IOException e) {
      undo();
      throw refused(e);
    }
  }

  private void createMissing(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      if (path.getParent() != null) {
        createMissing(path.getParent());
      }
      Files.createDirectory(path);
      created.push(path);
    }
  }

  /** Where to write the file that will be called {@code name}. */
  public Path file(String name) {
    names.add(name);
    return staging.resolve(name);
  }

  /** Where hidden files of this call may lie. */
  public Path hidden() {
    return staging;
  }

  /** Leaves the hidden folder behind for a later call. */
  public void keep() {
    kept = true;
  }

  /**
   * Renames the files into place in the order in which they were named.
   *
   * @param earlier results of an earlier run that these replace although they are not among them
   */
  public void commit(Collection<String> earlier) {
    try {
      for (String name : names) {
        Files.move(
            staging.resolve(name),
            folder.resolve(name),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
      for (String name : earlier) {
        if (!names.contains(name)) {
          Files.deleteIfExists(folder.resolve(name));
        }
      }
      created.clear();
    } catch (IOException e) {
      throw refused(e);
    }
  }

  private InputException refused(IOException e) {
    String why = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    if (e instanceof AccessDeniedException) {
      why = "permission denied";
    }
    return new InputException(
        folder
            + ": the output folder cannot be written"
            + (why == null ? "" : " (" + why + ")")
            + "; choose a folder on a disk that you may write to",
        e);
  }

  /** Removes what was not committed. */
  @Override
  public void close() {
    if (!kept && Files.isDirectory(staging)) {
      try (Stream<Path> paths = Files.walk(staging)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      } catch (IOException e) {
        // A left-over hidden folder harms nobody; the first failure is the one to report.
      }
    }
    undo();
  }

  private void undo() {
    for (Path path : created) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        return; // somebody else put a file there
      }
    }
    created.clear();
  }

  /**
   * Refuses an output file that could not be written, before the work that it is to hold.
   *
   * @throws InputException if it is a folder, or its folder is missing or read-only
   */
  public static void checkFile(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file)) {
      throw new InputException(file + ": is a folder; name the file to write");
    }
    if (parent == null || !Files.isDirectory(parent)) {
      throw new InputException(file + ": its folder does not exist; create " + parent);
    }
    if (!Files.isWritable(parent)) {
      throw new InputException(
          file + ": its folder cannot be written; choose another, or change its permissions");
    }
  }
}
