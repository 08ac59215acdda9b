package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.faiss.Index;
import io.vicinal.faiss.IndexIDMap;
import io.vicinal.faiss.Interruptible;
import io.vicinal.faiss.Sink;
import io.vicinal.faiss.global.faiss;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * An index in FAISS's memory: its calls, whose arguments somebody has checked and whose failures
 * are sentences. Not thread-safe but for searches.
 */
final class FaissIndex implements AutoCloseable {
  private static final int PIECE = 1 << 20;
  private static final Object SAVING = new Object(); // JavaCPP keeps few call-backs

  private Index index;

  private FaissIndex(Index index) {
    this.index = index.retainReference(); // the caller's PointerScope does not free it
  }

  /**
   * @param description FAISS's factory string
   * @param metric FAISS's number
   */
  static FaissIndex create(int width, String description, int metric) {
    FaissLibrary.load();
    return new FaissIndex(calling(() -> faiss.index_factory(width, description, metric)));
  }

  /** Reads a file that {@link IndexFile} has walked. */
  static FaissIndex read(Path file) {
    FaissLibrary.load();
    try {
      return new FaissIndex(faiss.read_index(file.toString()));
    } catch (RuntimeException e) {
      throw new InputException(
          file + ": cannot be read; FAISS says: " + oneLine(e) + "; check the free memory", e);
    }
  }

  /**
   * Writes the index as FAISS does.
   *
   * @return how many bytes
   */
  long write(OutputStream out) throws IOException {
    IOException[] failure = new IOException[1];
    long[] written = new long[1];
    byte[] piece = new byte[PIECE];
    synchronized (SAVING) {
      try (Sink sink =
          new Sink() {
            @Override
            public long call(Pointer bytes, long count) {
              try {
                BytePointer from = new BytePointer(bytes);
                for (long done = 0; done < count; ) {
                  int part = (int) Math.min(piece.length, count - done);
                  from.position(done).get(piece, 0, part);
                  out.write(piece, 0, part);
                  done += part;
                }
                written[0] += count;
                return count;
              } catch (IOException e) {
                failure[0] = e;
                return -1;
              }
            }
          }) {
        faiss.write_index_to(index, sink);
        return written[0];
      } catch (RuntimeException e) {
        throw failure[0] != null ? failure[0] : new IOException(oneLine(e), e);
      }
    }
  }

  /** From now on rows carry ids; for kinds that do not keep them of their own. */
  void keepIds() {
    Index inner = index;
    index = calling(() -> new IndexIDMap(inner)).retainReference();
    inner.close();
  }

  /**
   * @param ids null where rows are numbered
   */
  void add(int rows, float[] block, long[] ids, int threads) {
    calling(
        () -> {
          if (ids == null) {
            index.add(rows, block, threads, null);
          } else {
            index.add_with_ids(rows, block, ids, threads, null);
          }
          return null;
        });
  }

  void train(Tensor rows, int threads) {
    calling(
        () -> {
          Interruptible.run(
              "training an index",
              stop -> index.train(rows.dim(0), Views.floats(rows), threads, stop));
          return null;
        });
  }

  /** Fills scores and ids [rows, k]. */
  void search(int rows, float[] block, int k, float[] scores, long[] ids, int threads) {
    calling(
        () -> {
          Interruptible.run(
              "a search", stop -> index.search(rows, block, k, scores, ids, threads, stop));
          return null;
        });
  }

  void set(String name, int value) {
    calling(
        () -> {
          index.set_parameter(name, value);
          return null;
        });
  }

  private static <T> T calling(Supplier<T> call) {
    try {
      return call.get();
    } catch (CancelledException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new InputException("index: FAISS failed: " + oneLine(e) + "; check the free memory", e);
    }
  }

  private static String oneLine(RuntimeException e) {
    return String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
  }

  @Override
  public void close() {
    index.close();
  }
}
