package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.faiss.FaissLibrary;
import io.vicinal.faiss.Interruptible;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Lease;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * Exact nearest neighbours by squared Euclidean distance: on the processor FAISS proposes, on a GPU
 * our own search, and double arithmetic decides, the same on both. The order is (distance, lower
 * id), identical rows tie exactly, and a query is excluded from its own list by id, never by
 * position. For cosine similarity normalise the rows first.
 *
 * <p>Thread-safe. {@link Thread#interrupt} stops a search within a second.
 */
public final class Neighbours {
  private Neighbours() {}

  /** Fills ids I64 [Q, k] and distances F64 [Q, k]; self I64 [Q] or null. */
  private interface Search {
    void fill(Tensor self, Tensor ids, Tensor distances);
  }

  /**
   * The k nearest gallery rows of every query, found where the backend works.
   *
   * @param queries F32 [Q, d], on the backend's device or the host
   * @param gallery F32 [G, d], likewise
   * @param k 1..G, or 1..G-1 when {@code selfIds} is given
   * @param selfIds the gallery row that is query q itself and is left out, -1 for none; or null
   * @throws InputException if shapes do not fit, k is out of range, an id is not a gallery row, a
   *     value is not finite or a GPU cannot hold the rows
   * @throws CancelledException if the thread is interrupted
   */
  public static NeighbourList search(
      Tensor queries, Tensor gallery, int k, long[] selfIds, Backend backend) {
    if (backend.device().equals(Device.CPU)) {
      return search(queries, gallery, k, selfIds, backend.threads());
    }
    return search(
        queries,
        gallery,
        k,
        selfIds,
        (self, ids, distances) -> backend.nearest(queries, gallery, self, ids, distances));
  }

  /**
   * The same on the processor.
   *
   * @param threads worker threads, 0 for all
   */
  public static NeighbourList search(
      Tensor queries, Tensor gallery, int k, long[] selfIds, int threads) {
    return search(
        queries,
        gallery,
        k,
        selfIds,
        (self, ids, distances) -> byFaiss(queries, gallery, self, k, ids, distances, threads));
  }

  @SuppressWarnings("try") // the lease is held, not used
  private static NeighbourList search(
      Tensor queries, Tensor gallery, int k, long[] selfIds, Search search) {
    MatrixChecks.matrixF32("queries", queries);
    MatrixChecks.matrixF32("gallery", gallery);
    MatrixChecks.sameWidth("queries", queries, "gallery", gallery);
    int rows = MatrixChecks.rowCount("queries", queries);
    checkCount(rows, gallery.dim(0), k, selfIds);
    try (Arena arena = Arena.host();
        Lease lease = Lease.of(queries, gallery)) {
      Tensor self = selfIds == null ? null : arena.of(selfIds, rows);
      Tensor ids = arena.allocate(DType.I64, rows, k);
      Tensor distances = arena.allocate(DType.F64, rows, k);
      search.fill(self, ids, distances);
      return new NeighbourList(rows, k, ids.toLongs(), distances.toDoubles());
    } catch (RuntimeException e) {
      throw MatrixChecks.finite("", e);
    }
  }

  private static void byFaiss(
      Tensor queries,
      Tensor gallery,
      Tensor self,
      int k,
      Tensor ids,
      Tensor distances,
      int threads) {
    FaissLibrary.load();
    Interruptible.run(
        "nearest-neighbour search",
        threads,
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
  }

  private static void checkCount(int rows, long gallery, int k, long[] selfIds) {
    long available = gallery - (selfIds == null ? 0 : 1);
    if (k < 1 || k > available) {
      throw new InputException(
          "k: must be 1.."
              + available
              + " for a gallery of "
              + gallery
              + " rows"
              + (selfIds == null ? "" : " without the query itself")
              + ", got "
              + k);
    }
    if ((long) rows * k > Integer.MAX_VALUE - 8) {
      throw new InputException(
          "k: " + rows + " x " + k + " neighbours exceed a Java array; search rows in blocks");
    }
    if (selfIds == null) {
      return;
    }
    if (selfIds.length != rows) {
      throw new InputException(
          "selfIds: needs one id per query, " + rows + ", got " + selfIds.length);
    }
    if (Arrays.stream(selfIds).anyMatch(id -> id < -1 || id >= gallery)) {
      throw new InputException("selfIds: every id must be -1 or a gallery row below " + gallery);
    }
  }
}
