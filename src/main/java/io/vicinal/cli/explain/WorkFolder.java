package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.vicinal.InputException;
import io.vicinal.cli.common.Interrupted;
import io.vicinal.cli.common.JsonFile;
import io.vicinal.cli.common.OutputFolder;
import io.vicinal.cli.common.OutputOptions;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * An output folder whose command can be interrupted: finished pieces of work lie in a hidden folder
 * that is named by the hash of everything they depend on, so that only an identical call finds them
 * again, however it was ended. Results appear together when all is done, and the hidden folder goes
 * then. Locked against another process that does the same. For one thread.
 */
final class WorkFolder implements AutoCloseable {
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
   * A finished piece of work.
   *
   * @param numbers what was computed, or null if the facts say it all
   * @param facts what is to be said about it
   */
  record Piece(Tensor numbers, JsonObject facts) {}

  /**
   * @param results the names of all files that may be written
   * @throws InputException if the folder cannot be written, holds a file that must not be replaced,
   *     or another process works on the same
   */
  WorkFolder(Path out, Key key, Collection<String> results, OutputOptions options) {
    folder = new OutputFolder(out, results, options, key.hash().substring(0, NAME));
    interrupted = new Interrupted(this::howToGoOn); // what is refused is not interrupted
    try (Stream<Path> files = Files.list(folder.hidden())) {
      kept = files.anyMatch(f -> f.getFileName().toString().startsWith(PIECE));
      folder.keep(kept);
    } catch (IOException e) {
      close();
      throw new InputException(out + ": cannot be read (" + e.getMessage() + "); check it", e);
    }
  }

  /**
   * A piece of an earlier call, or one made now and kept.
   *
   * @param name a file's name, unique in this call
   * @param arena owner of the numbers
   * @param work null if it was given up: nothing is kept then
   */
  Piece piece(String name, Arena arena, Function<Arena, Piece> work) {
    Path facts = folder.hidden().resolve(PIECE + name + ".json");
    Path numbers = folder.hidden().resolve(PIECE + name + ".npy");
    Piece found = read(facts, numbers, arena);
    if (found == null) {
      found = work.apply(arena);
      if (found == null) {
        return null;
      }
      if (found.numbers() != null) {
        Npy.write(numbers, found.numbers());
      }
      JsonFile.write(facts, found.facts()); // last: it says that the piece is whole
      folder.keep(true);
      kept = true;
      if (++made == HOLD) {
        new Semaphore(0).acquireUninterruptibly();
      }
    }
    return found;
  }

  /** Whether an earlier call left this piece. */
  boolean holds(String name) {
    return Files.exists(folder.hidden().resolve(PIECE + name + ".json"));
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
