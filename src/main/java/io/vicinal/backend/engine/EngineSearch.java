package io.vicinal.backend.engine;

import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;

/** The searches of {@link EngineBackend} in a gallery. Safe for any number of threads. */
final class EngineSearch {
  private final EnginePool pool;

  EngineSearch(EnginePool pool) {
    this.pool = pool;
  }

  /** Starts the checks of a search: queries [Q, d] and gallery [G, d], self [Q] or null. */
  private static Arguments rows(String operation, Tensor queries, Tensor gallery, Tensor self) {
    Arguments a = new Arguments(operation, "queries", queries);
    a.matrix("queries", queries);
    a.matrix("gallery", gallery);
    if (a.type() != DType.F32) {
      throw a.problem("queries", "are F64; searches are in float32, so convert them");
    }
    a.in("gallery", gallery, gallery.dim(0), queries.dim(1));
    if (self != null) {
      a.integers("self", self, queries.dim(0));
    }
    return a;
  }

  void rank(
      Tensor queries,
      Tensor gallery,
      Tensor self,
      Tensor offsets,
      Tensor relevant,
      Tensor ranks,
      byte[] tied) {
    Arguments a = rows("rank", queries, gallery, self);
    long q = queries.dim(0);
    long g = gallery.dim(0);
    long d = queries.dim(1);
    if (relevant == null || relevant.shape().rank() != 1) {
      throw a.problem("relevant", "must be a vector of int64");
    }
    long size = relevant.dim(0);
    a.integers("offsets", offsets, q + 1)
        .integers("relevant", relevant, size)
        .integersOut("ranks", ranks, size);
    if (tied != null && tied.length != q) {
      throw a.problem("tied", "has length " + tied.length + " where " + q + " is expected");
    }
    try (Arena arena = Arena.host()) {
      Tensor flags = tied == null ? null : arena.allocate(DType.I64, q / 8 + 1);
      pool.run(
          a,
          e ->
              Vicinal.vicinal_rank_f32(
                  e.handle(),
                  q,
                  g,
                  d,
                  At.f32(queries),
                  At.f32(gallery),
                  At.i64(self),
                  At.i64(offsets),
                  At.i64(relevant),
                  size,
                  At.i64(ranks),
                  At.bytes(flags)));
      if (tied != null) {
        flags.read(0, ByteBuffer.wrap(tied));
      }
    }
  }

  void nearest(Tensor queries, Tensor gallery, Tensor self, Tensor ids, Tensor distances) {
    Arguments a = rows("nearest", queries, gallery, self);
    long q = queries.dim(0);
    if (ids == null || ids.shape().rank() != 2) {
      throw a.problem("ids", "must be a matrix of int64");
    }
    long k = ids.dim(1);
    a.integersOut("ids", ids, q, k);
    if (distances != null) {
      a.doublesOut("distances", distances, q, k);
    }
    pool.run(
        a,
        e ->
            Vicinal.vicinal_nearest_f32(
                e.handle(),
                q,
                gallery.dim(0),
                queries.dim(1),
                At.f32(queries),
                At.f32(gallery),
                At.i64(self),
                k,
                At.i64(ids),
                At.f64(distances)));
  }
}
