package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.cli.common.Interrupted;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.explain.Pieces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * An output folder whose command can be interrupted: finished pieces of work lie in a hidden folder
 * that is named by the hash of everything they depend on, so that only an identical call finds them
 * again, however it was ended. Results appear together when all is done, and the hidden folder goes
 * then. Locked against another process that does the same. For one thread.
 */
final class WorkFolder implements Pieces, AutoCloseable {
  private static final int NAME = 32;
  private static final String PIECE = "piece-";

  /**
   * After that many pieces the process waits until it is ended: how a test catches a command in the
   * middle. Never set otherwise.
   */
  private static final int HOLD = Integer.getInteger("io.vicinal.hold", 0);

  private final OutputFolder folder;
  private final Interrupted interrupted;
  private volatile boolean kept; // some pieces wait for the same call
  private volatile boolean done;
  private int made;

  /**
   * @param results the names of all files that may be written
   * @throws InputException if the folder cannot be written, holds a file that must not be replaced,
   *     or another process works on the same
   */
  WorkFolder(Path out, Key key, Collection<String> results, OutputOptions options) {
    String hash = key.add("pieces", PieceFile.FORMAT).hash(); // another build's are no pieces here
    folder = new OutputFolder(out, results, options, hash.substring(0, NAME));
    interrupted = new Interrupted(this::howToGoOn); // what is refused is not interrupted
    try (Stream<Path> files = Files.list(folder.hidden())) {
      kept = files.anyMatch(f -> f.getFileName().toString().startsWith(PIECE));
      folder.keep(kept);
    } catch (IOException e) {
      close();
      throw new InputException(out + ": cannot be read (" + e.getMessage() + "); check it", e);
    }
  }

  @Override
  public <T extends Record> T piece(String name, Class<T> type, Supplier<T> work) {
    PieceFile file = new PieceFile(folder.hidden().resolve(PIECE + name));
    T found = file.read(type);
    if (found == null) {
      found = work.get();
      if (found == null) {
        return null;
      }
      file.write(found);
      folder.keep(true);
      kept = true;
      if (++made == HOLD) {
        new Semaphore(0).acquireUninterruptibly();
      }
    }
    return found;
  }

  /** Where to write the result that will be called {@code name}. */
  Path file(String name) {
    return folder.file(name);
  }

  /** Renames the results into place, in the order in which they were named. */
  void commit(Collection<String> earlier) {
    folder.commit(earlier);
    folder.keep(false);
    done = true;
  }

  private String howToGoOn() {
    if (done) {
      return "";
    }
    return kept
        ? "vicinal: interrupted; the same command goes on where it stopped"
        : "vicinal: interrupted before a part was done; nothing is left behind";
  }

  @Override
  public void close() {
    interrupted.close();
    folder.close();
  }
}
