package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.faiss.Interruptible;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Lease;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * Exact nearest neighbours by squared Euclidean distance. FAISS proposes, double arithmetic
 * decides: the order is (distance, lower id), identical rows tie exactly, and a query is excluded
 * from its own list by id, never by position. For cosine similarity normalise the rows first.
 *
 * <p>Thread-safe. {@link Thread#interrupt} stops a search within a second.
 */
public final class Neighbours {
  private Neighbours() {}

  /**
   * The k nearest gallery rows of every query.
   *
   * @param queries F32 [Q, d]
   * @param gallery F32 [G, d]
   * @param k 1..G, or 1..G-1 when {@code selfIds} is given
   * @param selfIds the gallery row that is query q itself and is left out, -1 for none; or null
   * @param threads worker threads, 0 for all
   * @throws InputException if shapes do not fit, k is out of range, an id is not a gallery row or a
   *     value is not finite
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  @SuppressWarnings("try") // the lease is held, not used
  public static NeighbourList search(
      Tensor queries, Tensor gallery, int k, long[] selfIds, int threads) {
    Arguments.matrixF32("queries", queries);
    Arguments.matrixF32("gallery", gallery);
    Arguments.sameWidth("queries", queries, "gallery", gallery);
    int rows = Arguments.rowCount("queries", queries);
    long available = gallery.dim(0) - (selfIds == null ? 0 : 1);
    if (k < 1 || k > available) {
      throw new InputException(
          "k: must be 1.."
              + available
              + " for a gallery of "
              + gallery.dim(0)
              + " rows"
              + (selfIds == null ? "" : " without the query itself")
              + ", got "
              + k);
    }
    if ((long) rows * k > Integer.MAX_VALUE - 8) {
      throw new InputException(
          "k: " + rows + " x " + k + " neighbours exceed a Java array; search rows in blocks");
    }
    if (selfIds != null) {
      checkSelf(selfIds, rows, gallery.dim(0));
    }
    FaissLibrary.load();
    try (Arena arena = Arena.host();
        Lease lease = Lease.of(queries, gallery)) {
      Tensor self = selfIds == null ? null : arena.of(selfIds, rows);
      Tensor ids = arena.allocate(DType.I64, rows, k);
      Tensor distances = arena.allocate(DType.F64, rows, k);
      search(queries, gallery, self, k, ids, distances, threads);
      return new NeighbourList(rows, k, ids.toLongs(), distances.toDoubles());
    }
  }

  private static void search(
      Tensor queries,
      Tensor gallery,
      Tensor self,
      int k,
      Tensor ids,
      Tensor distances,
      int threads) {
    try {
      Interruptible.run(
          "nearest-neighbour search",
          stop ->
              io.vicinal.faiss.global.faiss.exact_neighbours(
                  queries.dim(0),
                  Views.floats(queries),
                  gallery.dim(0),
                  Views.floats(gallery),
                  gallery.dim(1),
                  Views.longs(self),
                  k,
                  Views.longs(ids),
                  Views.doubles(distances),
                  threads,
                  stop));
    } catch (io.vicinal.CancelledException e) {
      throw e;
    } catch (RuntimeException e) {
      if (String.valueOf(e.getMessage()).endsWith("is not finite")) {
        throw new InputException(e.getMessage() + ": remove NaN and infinity first", e);
      }
      throw e;
    }
  }

  private static void checkSelf(long[] selfIds, int rows, long gallery) {
    if (selfIds.length != rows) {
      throw new InputException(
          "selfIds: needs one id per query, " + rows + ", got " + selfIds.length);
    }
    if (Arrays.stream(selfIds).anyMatch(id -> id < -1 || id >= gallery)) {
      throw new InputException("selfIds: every id must be -1 or a gallery row below " + gallery);
    }
  }
}
