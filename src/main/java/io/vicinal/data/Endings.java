package io.vicinal.data;

import io.vicinal.CancelledException;
import io.vicinal.process.FolderFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What this process has on the disk only while it lives: removed by a shutdown hook when it is told
 * to end (SIGINT, SIGTERM, SIGHUP, an exit in the middle). Thread-safe: everything here and in
 * {@link LockFile} is under this class's lock.
 */
public final class Endings {
  /** Work that the hook waits for, and that is refused once the process ends. */
  @FunctionalInterface
  public interface Step<T> {
    /** Does it. */
    T run() throws IOException;
  }

  /** What the names of hidden files and folders begin with. */
  static final String HIDDEN = ".vicinal-";

  /** The file of a hidden folder whose lock says that its owner lives. */
  static final String LOCK = "lock";

  private static final Set<Path> OPEN = new LinkedHashSet<>();
  private static boolean ended;

  static {
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(Endings::removeAll, "vicinal-endings"));
    } catch (IllegalStateException e) {
      ended = true; // first used while the process ends
    }
  }

  private Endings() {}

  /**
   * Does a step as a whole: it is finished before anything is removed, or not begun.
   *
   * @throws CancelledException if the process is ending
   */
  public static synchronized <T> T whole(Step<T> step) throws IOException {
    if (ended) {
      throw new CancelledException("writing");
    }
    return step.run();
  }

  /**
   * Remembers a path until {@link #forget} or {@link #remove}: at the end a file is removed, a
   * {@link #HIDDEN hidden} folder with its contents, another folder if it is empty.
   */
  public static synchronized void add(Path path) {
    OPEN.add(path);
  }

  /** Forgets a path: it stays. */
  public static synchronized void forget(Path path) {
    OPEN.remove(path);
  }

  /** Removes a path now, as {@link #add} says, and forgets it; what cannot be removed stays. */
  public static synchronized void remove(Path path) {
    OPEN.remove(path);
    try {
      if (isHidden(path) && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        empty(path, true);
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // Somebody put a file there, or the disk is gone: the first failure is the one to report.
    }
  }

  /** Whether a path is named as what this product writes before it takes its place. */
  static boolean isHidden(Path path) {
    return path.getFileName().toString().startsWith(HIDDEN);
  }

  /** Removes what a hidden folder holds; its lock last of all, if at all. */
  static void empty(Path folder, boolean lockToo) throws IOException {
    List<Path> paths = FolderFiles.below(folder, Integer.MAX_VALUE);
    Collections.reverse(paths); // files before their folders
    for (Path path : paths) {
      if (!path.equals(folder.resolve(LOCK))) {
        Files.deleteIfExists(path);
      }
    }
    if (lockToo) {
      Files.deleteIfExists(folder.resolve(LOCK));
    }
  }

  private static synchronized void removeAll() {
    ended = true;
    List<Path> latestFirst = new ArrayList<>(OPEN);
    Collections.reverse(latestFirst);
    latestFirst.forEach(Endings::remove);
  }
}
