package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/**
 * An output folder whose command can be interrupted: finished pieces of work lie in a hidden folder
 * that is named by the hash of everything they depend on, so that only an identical call finds them
 * again, however it was ended. Results appear together when all is done, and the hidden folder goes
 * then. Locked against another process that does the same. For one thread.
 */
final class WorkFolder implements AutoCloseable {
  private static final int NAME = 32;

  /**
   * After that many pieces the process waits until it is ended: how a test catches a command in the
   * middle. Never set otherwise.
   */
  private static final int HOLD = Integer.getInteger("io.vicinal.hold", 0);

  private final OutputFolder folder;
  private final FileChannel lock;
  private boolean pieces;
  private int made;

  /**
   * A finished piece of work.
   *
   * @param numbers what was computed, or null if the facts say it all
   * @param facts what is to be said about it
   */
  record Piece(Tensor numbers, JsonObject facts) {}

  /**
   * @throws InputException if the folder cannot be written, or another process works on the same
   */
  WorkFolder(Path out, Key key) {
    folder = new OutputFolder(out, key.hash().substring(0, NAME));
    try {
      lock = lock(out, folder.hidden().resolve("lock"));
    } catch (RuntimeException e) {
      folder.keep(); // another process works in it
      folder.close();
      throw e;
    }
  }

  private static FileChannel lock(Path out, Path file) {
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        if (channel.tryLock() != null) {
          return channel;
        }
      } catch (OverlappingFileLockException e) {
        // another command of this process; told like that of another one
      }
      channel.close();
    } catch (IOException e) {
      throw new InputException(
          out + ": cannot be locked (" + e.getMessage() + "); choose a folder on a local disk", e);
    }
    throw new InputException(
        out + ": another process is at this very work; wait for it, or name another folder");
  }

  /**
   * A piece of an earlier call, or one made now and kept.
   *
   * @param name a file's name, unique in this call
   * @param arena owner of the numbers
   */
  Piece piece(String name, Arena arena, Function<Arena, Piece> work) {
    Path facts = folder.hidden().resolve("piece-" + name + ".json");
    Path numbers = folder.hidden().resolve("piece-" + name + ".npy");
    Piece found = read(facts, numbers, arena);
    if (found == null) {
      found = work.apply(arena);
      if (found.numbers() != null) {
        Npy.write(numbers, found.numbers());
      }
      JsonFile.write(facts, found.facts()); // last: it says that the piece is whole
      if (++made == HOLD) {
        new Semaphore(0).acquireUninterruptibly();
      }
    }
    pieces = true;
    return found;
  }

  /** Whether an earlier call left this piece. */
  boolean holds(String name) {
    return Files.exists(folder.hidden().resolve("piece-" + name + ".json"));
  }

  private static Piece read(Path facts, Path numbers, Arena arena) {
    if (!Files.exists(facts)) {
      return null;
    }
    try {
      JsonObject said = JsonParser.parseString(Files.readString(facts)).getAsJsonObject();
      return new Piece(Files.exists(numbers) ? Npy.read(numbers, arena) : null, said);
    } catch (IOException | JsonParseException | IllegalStateException | InputException e) {
      return null; // damaged: it is made again
    }
  }

  /** Where to write the result that will be called {@code name}. */
  Path file(String name) {
    return folder.file(name);
  }

  /** Renames the results into place, in the order in which they were named. */
  void commit(Collection<String> earlier) {
    folder.commit(earlier);
    pieces = false;
  }

  @Override
  public void close() {
    if (pieces) {
      folder.keep();
    }
    try {
      lock.close();
    } catch (IOException e) {
      // it was only opened to lock
    }
    folder.close();
  }
}
