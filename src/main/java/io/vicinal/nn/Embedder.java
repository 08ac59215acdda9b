package io.vicinal.nn;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.data.Rows;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A trained head at work: feature rows in, embeddings out, as Java arrays and buffers. Made for a
 * service: the head is loaded once, and a call of any size copies {@value #PIECE_MIB} MiB of rows
 * at a time.
 *
 * <p>Embeddings are not normalised; the losses compare directions, so search them by cosine.
 *
 * <p>Thread safety: any number of threads may embed at once. {@link #close} frees the memory when
 * the calls that are under way have returned; later calls throw {@link IllegalStateException}.
 */
public final class Embedder implements AutoCloseable {
  private static final int PIECE_MIB = 4;

  private final Head head;
  private final Arena arena; // of the head; this object's own
  private final Backend backend;
  private final boolean borrowed;

  private Embedder(Head head, Arena arena, Backend backend, boolean borrowed) {
    this.head = head;
    this.arena = arena;
    this.backend = backend;
    this.borrowed = borrowed;
  }

  /**
   * Loads a head, to work on one thread per call: callers are many.
   *
   * @param head a run folder, its {@code head.safetensors}, or what {@link Head#save} wrote
   * @throws InputException if the file is damaged or holds no head
   */
  public static Embedder load(Path head) {
    Backend backend = single();
    try {
      return load(head, backend, false);
    } catch (RuntimeException e) {
      backend.close();
      throw e;
    }
  }

  /**
   * Loads a head for a backend with other threads, or on another device.
   *
   * @param backend borrowed: close it after this
   */
  public static Embedder load(Path head, Backend backend) {
    return load(head, backend, true);
  }

  private static Embedder load(Path head, Backend backend, boolean borrowed) {
    Arena arena = new Arena(backend.memory());
    try {
      Path file = Files.isDirectory(head) ? head.resolve("head.safetensors") : head;
      return new Embedder(Head.loadMap(file, arena), arena, backend, borrowed);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /** A copy of this head, to work on one thread per call. */
  public static Embedder of(Head head) {
    return copy(head, single(), false);
  }

  /**
   * A copy of this head for a backend with other threads, or on another device.
   *
   * @param backend borrowed: close it after this
   */
  public static Embedder of(Head head, Backend backend) {
    return copy(head, backend, true);
  }

  private static Embedder copy(Head head, Backend backend, boolean borrowed) {
    Arena arena = new Arena(backend.memory());
    return new Embedder(head.copy(arena), arena, backend, borrowed);
  }

  private static Backend single() {
    return Backend.open("cpu", BackendOptions.defaults().withThreads(1));
  }

  /** D: numbers in a row of features. */
  public int features() {
    return Math.toIntExact(head.features());
  }

  /** d: numbers in an embedding. */
  public int width() {
    return Math.toIntExact(head.embedding());
  }

  /**
   * One row.
   *
   * @param row D features
   * @return d numbers
   * @throws InputException if it has another length
   */
  public float[] embed(float[] row) {
    if (row == null) {
      throw new InputException("row: is null; give " + features() + " numbers");
    }
    float[] embedding = new float[width()];
    embed(Rows.of(row, Math.max(1, row.length)), FloatBuffer.wrap(embedding));
    return embedding;
  }

  /**
   * Some rows.
   *
   * @param rows [N, D]
   * @return [N, d]
   * @throws InputException if a row has another length than D
   */
  public float[][] embed(float[][] rows) {
    return embed(Rows.of(rows));
  }

  /** As {@link #embed(float[][])}. */
  public float[][] embed(Rows rows) {
    float[][] embeddings = new float[rows.count()][width()];
    each(
        rows,
        (from, tensor) -> {
          float[] values = tensor.toFloats();
          for (int i = 0; i < tensor.dim(0); i++) {
            System.arraycopy(values, i * width(), embeddings[from + i], 0, width());
          }
        });
    return embeddings;
  }

  /**
   * Some rows, into a buffer.
   *
   * @param rows [N, D]
   * @param embeddings takes N*d numbers from its position on, on the Java heap or direct; its
   *     position moves behind them
   * @throws InputException if a row has another length than D, or the buffer is too small; nothing
   *     is written then
   */
  public void embed(Rows rows, FloatBuffer embeddings) {
    long needed = (long) rows.count() * width();
    if (embeddings.remaining() < needed) {
      throw new InputException(
          "embeddings: the buffer has room for "
              + embeddings.remaining()
              + " numbers, "
              + rows.count()
              + " rows of "
              + width()
              + " need "
              + needed
              + "; give a larger one");
    }
    each(rows, (from, tensor) -> tensor.get(embeddings));
  }

  private interface Piece {
    void take(int from, Tensor embeddings);
  }

  private void each(Rows rows, Piece piece) {
    if (rows.width() != features()) {
      throw new InputException(
          "features: rows of "
              + rows.width()
              + " numbers, but the head was made for "
              + features()
              + "; compute them as for training");
    }
    long rowBytes = (long) head.weight().dtype().bytes() * Math.max(features(), width());
    int step = (int) Math.max(1, ((long) PIECE_MIB << 20) / rowBytes);
    for (int from = 0; from < rows.count(); from += step) {
      int count = Math.min(step, rows.count() - from);
      try (Arena call = new Arena(backend.memory())) {
        Tensor features = call.allocate(head.weight().dtype(), count, features());
        rows.copy(from, features);
        piece.take(from, head.embed(backend, features, call));
      }
    }
  }

  /** Sizes, such as {@code Embedder 400 -> 64}; also when it is closed. */
  @Override
  public String toString() {
    return "Embedder " + features() + " -> " + width();
  }

  /** Frees the head; idempotent. */
  @Override
  public void close() {
    arena.close();
    if (!borrowed) {
      backend.close();
    }
  }
}
