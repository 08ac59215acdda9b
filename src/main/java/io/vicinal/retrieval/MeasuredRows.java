package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * What is measured: the rows as they were given, and as they are compared, F32 on the backend's
 * device, finite, of unit length where that is asked for.
 *
 * @param sameSet whether the queries are the gallery too
 */
record MeasuredRows(
    Tensor givenQueries,
    Tensor queries,
    long[] queryLabels,
    Tensor givenGallery,
    Tensor gallery,
    long[] galleryLabels,
    boolean sameSet) {
  private static final int BLOCK = 1 << 20; // numbers of a block of rows

  /** What is done with rows in double precision. */
  interface Block {
    /**
     * @param from number of the first row, the queries' rows before the gallery's
     * @param rows of them
     * @param values [rows, width]
     */
    void take(int from, int rows, double[] values);
  }

  /**
   * Checks and prepares rows.
   *
   * @param gallery null for the queries themselves
   * @param arena holds what is copied
   */
  static MeasuredRows of(
      Backend backend,
      Tensor queries,
      Tensor queryLabels,
      Tensor gallery,
      Tensor galleryLabels,
      boolean normalize,
      Arena arena) {
    boolean sameSet = gallery == null;
    MatrixChecks.matrix("embeddings", queries);
    MatrixChecks.labels("labels", queryLabels, "embeddings", queries);
    MatrixChecks.rowCount("embeddings", queries);
    if (!sameSet) {
      MatrixChecks.matrix("gallery embeddings", gallery);
      MatrixChecks.labels("gallery labels", galleryLabels, "gallery embeddings", gallery);
      MatrixChecks.rowCount("gallery embeddings", gallery);
      MatrixChecks.sameWidth("embeddings", queries, "gallery embeddings", gallery);
    }
    Tensor q = prepare(backend, "embeddings", queries, normalize, arena);
    Tensor g = sameSet ? q : prepare(backend, "gallery embeddings", gallery, normalize, arena);
    long[] ofQueries = queryLabels.toLongs();
    long[] ofGallery = sameSet ? ofQueries : galleryLabels.toLongs();
    return new MeasuredRows(
        queries, q, ofQueries, sameSet ? queries : gallery, g, ofGallery, sameSet);
  }

  /** Gallery rows that a query can retrieve. */
  long available() {
    return gallery.dim(0) - (sameSet ? 1 : 0);
  }

  int width() {
    return Math.toIntExact(queries.dim(1));
  }

  /** The label of every row, the queries' before the gallery's. */
  long[] labels() {
    if (sameSet) {
      return queryLabels;
    }
    long[] all =
        Arrays.copyOf(queryLabels, Math.addExact(queryLabels.length, galleryLabels.length));
    System.arraycopy(galleryLabels, 0, all, queryLabels.length, galleryLabels.length);
    return all;
  }

  /**
   * All rows, the queries' before the gallery's.
   *
   * @param given as they were given, not as they are compared
   */
  void forEach(boolean given, Block block) {
    int next = each(given ? givenQueries : queries, 0, block);
    if (!sameSet) {
      each(given ? givenGallery : gallery, next, block);
    }
  }

  private static int each(Tensor rows, int first, Block block) {
    int count = (int) rows.dim(0);
    int step = (int) Math.max(1, BLOCK / rows.dim(1));
    for (int from = 0; from < count; from += step) {
      MatrixChecks.checkInterrupt("evaluation");
      int to = Math.min(count, from + step);
      block.take(first + from, to - from, rows.rows(from, to).toDoubles());
    }
    return first + count;
  }

  /**
   * All rows as they are compared in one tensor, on a device or on the host.
   *
   * @param arena of where they are wanted; holds a copy unless they lie there in one piece
   */
  Tensor points(Arena arena) {
    if (sameSet && queries.device().equals(arena.device())) {
      return queries;
    }
    long rows = queries.dim(0) + (sameSet ? 0 : gallery.dim(0));
    Tensor points = arena.allocate(DType.F32, rows, queries.dim(1));
    points.rows(0, queries.dim(0)).copyFrom(queries);
    if (!sameSet) {
      points.rows(queries.dim(0), rows).copyFrom(gallery);
    }
    return points;
  }

  /**
   * Finite rows in single precision on the backend's device, normalised if asked; the tensor itself
   * where it is that.
   */
  static Tensor prepare(
      Backend backend, String name, Tensor given, boolean normalize, Arena arena) {
    if (given.dtype() != DType.F32) {
      try (Arena host = Arena.host()) {
        Tensor rows = host.allocate(given.dtype(), given.shape());
        return single(backend, name, finite(backend, name, given, normalize, rows), arena);
      }
    }
    Tensor x = given;
    if (!x.device().equals(backend.device())) {
      x = arena.allocate(DType.F32, given.shape());
      x.copyFrom(given);
    }
    boolean own = x != given;
    Tensor out = own || !normalize ? x : arena.allocate(DType.F32, x.shape());
    return finite(backend, name, x, normalize, out);
  }

  /** The rows, or {@code normalized} with them; in place if that is the same. */
  private static Tensor finite(
      Backend backend, String name, Tensor x, boolean normalize, Tensor normalized) {
    long bad = backend.findNonFinite(x);
    if (bad >= 0) {
      throw new InputException(
          name
              + ": row "
              + bad / x.dim(1)
              + " has a NaN or an infinity; remove it or embed it again");
    }
    if (!normalize) {
      return x;
    }
    backend.normalizeRows(x, normalized);
    return normalized;
  }

  private static Tensor single(Backend backend, String name, Tensor rows, Arena arena) {
    Tensor single = arena.allocate(DType.F32, rows.shape());
    single.copyFrom(rows);
    long bad = backend.findNonFinite(single);
    if (bad >= 0) {
      throw new InputException(
          name + ": row " + bad / rows.dim(1) + " has a value beyond float32; scale the rows down");
    }
    long lost = firstTooSmall(rows);
    if (lost >= 0) {
      throw new InputException(
          name + ": row " + lost + " is too small for float32; scale the rows up");
    }
    return single;
  }

  /** The first row F64 that is not zero and has no value that float32 holds with all its digits. */
  private static long firstTooSmall(Tensor x) {
    for (long i = 0; i < x.dim(0); i++) {
      double largest =
          Arrays.stream(x.rows(i, i + 1).toDoubles()).map(Math::abs).max().orElseThrow();
      if (largest > 0 && largest < Float.MIN_NORMAL) {
        return i;
      }
    }
    return -1;
  }
}
