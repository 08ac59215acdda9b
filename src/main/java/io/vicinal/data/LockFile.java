package io.vicinal.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * A file whose operating-system lock says that its owner lives, whatever ends the process and
 * whichever container it runs in. Gone after {@link #close}; one that a killed process left is
 * taken over. Thread-safe.
 */
public final class LockFile implements AutoCloseable {
  /**
   * Those of this process. The system drops a process's lock when it closes any handle of the file,
   * so a second one is never opened.
   */
  private static final Set<Path> HELD = new HashSet<>();

  /** Says that the file system has no locks. */
  public static final class NoLocksException extends IOException {
    private static final long serialVersionUID = 1L;

    NoLocksException(IOException cause) {
      super("the file system has no locks: " + cause.getMessage(), cause);
    }
  }

  private final Path file;
  private final FileChannel channel;

  private LockFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock, making the file if need be.
   *
   * @return null if a living owner has it
   * @throws IOException if the file cannot be made, or the file system has no locks
   */
  public static LockFile take(Path file) throws IOException {
    return open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** As {@link #take}, of a file that must be there. */
  static LockFile takeOver(Path file) throws IOException {
    return open(file, StandardOpenOption.WRITE);
  }

  private static LockFile open(Path path, OpenOption... how) throws IOException {
    Path file = real(path);
    Set<OpenOption> options = new HashSet<>(Set.of(how));
    options.add(LinkOption.NOFOLLOW_LINKS);
    boolean interrupted = Thread.interrupted(); // channels of interrupted threads close themselves
    try {
      return Endings.whole(
          () -> {
            if (HELD.contains(file)) {
              return null;
            }
            FileChannel channel = FileChannel.open(file, options);
            try {
              if (lock(file, channel)) {
                Endings.add(file);
                return new LockFile(file, channel);
              }
            } catch (IOException e) {
              channel.close();
              throw e;
            }
            channel.close();
            return null;
          });
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Locks a file that was opened for writing.
   *
   * @return false if a living owner has it, or somebody removed it before it could be locked
   */
  static boolean lock(Path file, FileChannel channel) throws NoLocksException {
    synchronized (Endings.class) {
      try {
        if (channel.tryLock() == null || !Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          return false;
        }
      } catch (OverlappingFileLockException e) {
        return false; // a thread of this process, by another name of the folder
      } catch (IOException e) {
        throw new NoLocksException(e);
      }
      HELD.add(file);
      return true;
    }
  }

  /** To be called when the file that was locked is closed. */
  static void unlocked(Path file) {
    synchronized (Endings.class) {
      HELD.remove(file);
    }
  }

  /** The one name by which locks know a file. */
  static Path real(Path file) throws IOException {
    return file.toAbsolutePath().getParent().toRealPath().resolve(file.getFileName());
  }

  /** Removes the file, then lets others have the lock. */
  @Override
  public void close() {
    synchronized (Endings.class) {
      if (!channel.isOpen()) {
        return;
      }
      Endings.remove(file);
      try {
        channel.close();
      } catch (IOException e) {
        // it was only opened to lock
      }
      HELD.remove(file);
    }
  }
}
