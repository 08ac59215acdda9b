package io.vicinal.data;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A hidden file or folder in which something is written before it takes its place. It is locked
 * while its owner lives and goes with it: closed, ended by a signal ({@link Endings}), or killed,
 * when the next call beside it sweeps. Its name has a fixed length, so that the name it stands for
 * may be as long as the file system allows. Not thread-safe.
 */
public final class Scratch implements AutoCloseable {
  private static final String UNIQUE = Endings.HIDDEN + "tmp-";
  private static final String PIECE = "piece-"; // of work that a later call goes on with

  private final Path path;
  private final FileOutputStream out; // of a file
  private final LockFile lock; // of a folder; null where the file system has no locks
  private boolean kept;

  private Scratch(Path path, FileOutputStream out, LockFile lock) {
    this.path = path;
    this.out = out;
    this.lock = lock;
  }

  /** A file of its own in a folder. */
  static Scratch file(Path folder) throws IOException {
    while (true) {
      Path path = LockFile.real(folder.resolve(UNIQUE + UUID.randomUUID()));
      FileOutputStream out =
          Endings.whole(
              () -> {
                Endings.add(path);
                return new FileOutputStream(path.toFile());
              });
      boolean mine;
      try {
        mine = LockFile.lock(path, out.getChannel());
      } catch (LockFile.NoLocksException e) {
        mine = true; // nobody can sweep here either
      }
      Scratch scratch = new Scratch(path, out, null);
      if (mine) {
        return scratch;
      }
      scratch.close();
    }
  }

  /** A folder of its own in a folder. */
  public static Scratch folder(Path folder) throws IOException {
    while (true) {
      Scratch scratch = locked(folder.resolve(UNIQUE + UUID.randomUUID()));
      if (scratch != null) {
        return scratch;
      }
    }
  }

  /**
   * A folder that a later call finds again by its name if this one {@link #keep keeps} it.
   *
   * @return null if a living process has it
   */
  public static Scratch folder(Path folder, String name) throws IOException {
    while (true) {
      try {
        return locked(folder.resolve(Endings.HIDDEN + name));
      } catch (NoSuchFileException e) {
        if (!Files.isDirectory(folder)) {
          throw e;
        } // else its last owner removed it as we came
      }
    }
  }

  private static Scratch locked(Path folder) throws IOException {
    Path path = LockFile.real(folder);
    Endings.whole(() -> Files.isDirectory(path) ? path : Files.createDirectory(path));
    LockFile lock;
    try {
      lock = LockFile.take(path.resolve(Endings.LOCK));
    } catch (NoSuchFileException e) {
      if (isUnique(path)) {
        return null; // swept before it was locked
      }
      throw e;
    } catch (LockFile.NoLocksException e) {
      if (!isUnique(path)) {
        throw e; // two calls could meet in it
      }
      Endings.add(path);
      return new Scratch(path, null, null);
    }
    if (lock == null) {
      return null;
    }
    Endings.add(path);
    return new Scratch(path, null, lock);
  }

  /** Where it lies. */
  public Path path() {
    return path;
  }

  /** What writes to a file; not buffered. */
  OutputStream out() {
    return out;
  }

  /** The file's bytes are on the disk when this returns. */
  void sync() throws IOException {
    out.getFD().sync();
  }

  /** Leaves it behind when it is closed, for a later call. */
  public void keep(boolean keep) {
    kept = keep;
    if (keep) {
      Endings.forget(path);
    } else {
      Endings.add(path);
    }
  }

  /** Removes it, unless it is kept or was renamed. */
  @Override
  public void close() {
    synchronized (Endings.class) {
      if (out != null) {
        Endings.remove(path);
        try {
          out.close();
        } catch (IOException e) {
          // what counts was synced, or failed already
        }
        LockFile.unlocked(path);
      } else {
        if (!kept) {
          try {
            Endings.empty(path, false);
          } catch (IOException e) {
            // a left-over hidden file harms nobody
          }
        }
        if (lock != null) {
          lock.close();
        }
        if (!kept) {
          Endings.remove(path);
        }
      }
    }
  }

  private static boolean isUnique(Path path) {
    return path.getFileName().toString().startsWith(UNIQUE);
  }

  /**
   * Removes from a folder what killed processes left there; not what living ones write, and not the
   * finished pieces of work that its own call goes on with.
   */
  public static void sweep(Path folder) {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, Endings.HIDDEN + "*")) {
      for (Path left : all) {
        try {
          sweepOne(left);
        } catch (IOException e) {
          // another user's, or no locks here: it is not ours to judge
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // a folder that cannot be listed is not swept; writing to it will say why
    }
  }

  private static void sweepOne(Path left) throws IOException {
    if (Files.isDirectory(left, LinkOption.NOFOLLOW_LINKS)) {
      if (!holdsPieces(left)) {
        LockFile lock = LockFile.take(left.resolve(Endings.LOCK));
        if (lock != null) {
          new Scratch(LockFile.real(left), null, lock).close();
        }
      }
    } else if (isUnique(left) && Files.isRegularFile(left, LinkOption.NOFOLLOW_LINKS)) {
      LockFile lock = LockFile.takeOver(left);
      if (lock != null) {
        lock.close();
      }
    }
  }

  private static boolean holdsPieces(Path folder) throws IOException {
    try (DirectoryStream<Path> pieces = Files.newDirectoryStream(folder, PIECE + "*")) {
      return pieces.iterator().hasNext();
    }
  }
}
