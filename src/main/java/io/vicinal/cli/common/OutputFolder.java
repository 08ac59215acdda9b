package io.vicinal.cli.common;

import io.vicinal.InputException;
import io.vicinal.data.AtomicFile;
import io.vicinal.data.Endings;
import io.vicinal.data.LockFile;
import io.vicinal.data.Scratch;
import io.vicinal.data.Target;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * A folder that receives several files at once: they are written to a hidden folder inside it and
 * renamed when all are complete. Without {@link #commit} the folder is left as it was found,
 * whatever ends the process. Files of these names that Vicinal did not write are refused before the
 * work begins ({@link Manifest}). Not thread-safe.
 */
public final class OutputFolder implements AutoCloseable {
  private static final String LOCK = ".vicinal-tmp-outputs.lock";
  private static final Pattern FILE =
      Pattern.compile("\\.(npy|npz|csv|tsv|txt|json|jsonl|html|safetensors)$");
  private static final int TRIES = 3000;
  private static final int PAUSE_MILLIS = 10;

  private final Path folder;
  private final Set<String> results;
  private final OutputOptions options;
  private final UnaryOperator<Path> shown;
  private final Scratch staging;
  private final Deque<Path> created = new ArrayDeque<>();
  private final Set<String> names = new LinkedHashSet<>();

  /**
   * Opens the folder, creating it where it is missing.
   *
   * @param results the names of all files that may be written
   * @throws InputException if the folder cannot be written, or holds a file of these names that
   *     must not be replaced
   */
  public OutputFolder(Path folder, Collection<String> results, OutputOptions options) {
    this(folder, results, options, null, path -> path);
  }

  /**
   * As {@link #OutputFolder(Path, Collection, OutputOptions)}, with a hidden folder of a fixed name
   * that a later call finds again if this one was {@link #keep kept} or killed.
   *
   * @throws InputException also if a living process has that folder
   */
  public OutputFolder(
      Path folder, Collection<String> results, OutputOptions options, String hidden) {
    this(folder, results, options, hidden, path -> path);
  }

  /**
   * @param shown a file of the folder as the user named it
   */
  OutputFolder(
      Path folder,
      Collection<String> results,
      OutputOptions options,
      String hidden,
      UnaryOperator<Path> shown) {
    this.folder = folder;
    this.results = Set.copyOf(results);
    this.options = options;
    this.shown = shown;
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(folder)) {
      throw new InputException(folder + ": is not a folder; name one, or a new one");
    }
    if (!Files.exists(folder) && FILE.matcher(folder.toString()).find()) {
      throw new InputException(
          folder + ": would be a folder of several files; name one without that ending");
    }
    check(Manifest.of(folder, options.overwrite()), results);
    try {
      createMissing(folder.toAbsolutePath());
      Scratch.sweep(folder);
      staging = hidden == null ? Scratch.folder(folder) : Scratch.folder(folder, hidden);
    } catch (IOException e) {
      undo();
      throw refused(e);
    }
    if (staging == null) {
      undo();
      throw new InputException(
          folder + ": another process is at this very work; wait for it, or name another folder");
    }
  }

  /** Refuses what is in the way and must stay. */
  private void check(Manifest manifest, Collection<String> wanted) {
    for (String name : wanted) {
      Path file = folder.resolve(name);
      Path said = shown.apply(file);
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      options.refuseInput(file, said);
      if (Target.of(file).kind() != Target.Kind.NEW
          && !options.overwrite()
          && !manifest.owns(file)) {
        throw new InputException(
            said
                + ": is in the way and was not written by Vicinal, or was changed since; name"
                + " another output, or replace it with --overwrite");
      }
    }
  }

  private void createMissing(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      if (path.getParent() != null) {
        createMissing(path.getParent());
      }
      Endings.whole(() -> Files.createDirectory(path));
      Endings.add(path);
      created.push(path);
    }
  }

  /** Where to write the file that will be called {@code name}, one of the results. */
  public Path file(String name) {
    if (!results.contains(name)) {
      throw new IllegalArgumentException(name + " is not among the results " + results);
    }
    names.add(name);
    return staging.path().resolve(name);
  }

  /** Where hidden files of this call may lie. */
  public Path hidden() {
    return staging.path();
  }

  /** Whether the hidden folder is left behind for a later call. */
  public void keep(boolean keep) {
    staging.keep(keep);
  }

  /** Renames the files into place, in the order in which they were named. */
  public void commit() {
    commit(List.of());
  }

  /**
   * Renames the files into place, in the order in which they were named.
   *
   * @param earlier results of an earlier run that these replace although they are not among them;
   *     removed if Vicinal wrote them
   */
  public void commit(Collection<String> earlier) {
    LockFile lock = null;
    try {
      lock = lock();
      Manifest manifest = Manifest.of(folder, options.overwrite());
      check(manifest, names); // somebody may have come in the meantime
      Set<String> old = new LinkedHashSet<>(earlier);
      old.removeAll(names);
      old.removeIf(name -> !manifest.owns(folder.resolve(name)));
      old.forEach(manifest::remove);
      for (String name : names) {
        manifest.put(name, staging.path().resolve(name));
      }
      manifest.write(staging.path().resolve(Manifest.NAME));
      Endings.whole(
          () -> {
            for (String name : names) {
              AtomicFile.move(staging.path().resolve(name), folder.resolve(name));
            }
            for (String name : old) {
              Files.deleteIfExists(folder.resolve(name));
            }
            AtomicFile.move(staging.path().resolve(Manifest.NAME), folder.resolve(Manifest.NAME));
            created.forEach(Endings::forget);
            created.clear();
            return null;
          });
    } catch (IOException e) {
      throw refused(e);
    } finally {
      if (lock != null) {
        lock.close();
      }
    }
  }

  /** Several commands may finish in one folder at once: one after the other lists its files. */
  private LockFile lock() throws IOException {
    for (int i = 0; i < TRIES; i++) {
      try {
        LockFile lock = LockFile.take(folder.resolve(LOCK));
        if (lock != null) {
          return lock;
        }
        Thread.sleep(PAUSE_MILLIS);
      } catch (LockFile.NoLocksException e) {
        return null; // as safe as this file system makes it
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while another process finishes there", e);
      }
    }
    throw new IOException("another process does not finish there");
  }

  private InputException refused(IOException e) {
    String why = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    if (e instanceof AccessDeniedException) {
      why = "permission denied";
    } else if (e instanceof FileAlreadyExistsException exists) {
      why = exists.getFile() + " is not a folder";
    }
    return new InputException(
        folder
            + ": the output folder cannot be written"
            + (why == null ? "" : " (" + why + ")")
            + (why != null && why.contains("too long")
                ? "; choose a shorter name"
                : "; choose a folder on a disk that you may write to"),
        e);
  }

  /** Removes what was not committed. */
  @Override
  public void close() {
    staging.close();
    undo();
  }

  private void undo() {
    created.forEach(Endings::remove);
    created.clear();
  }
}
