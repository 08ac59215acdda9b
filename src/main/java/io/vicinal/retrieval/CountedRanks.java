package io.vicinal.retrieval;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/** Ranks by the backend's counting pass: all of them, whatever their depth. */
final class CountedRanks implements RankSource {
  private final Backend backend;

  CountedRanks(Backend backend) {
    this.backend = backend;
  }

  @Override
  public void ranks(
      Tensor queries, Tensor gallery, boolean sameSet, Relevance relevance, QueryTotals totals) {
    try (Arena arena = Arena.host()) {
      for (int from = 0; from < relevance.queries(); ) {
        MatrixChecks.checkInterrupt("evaluation");
        int to = relevance.blockEnd(from, BLOCK_ENTRIES);
        block(queries, gallery, sameSet, relevance, totals, from, to, arena);
        arena.reset();
        from = to;
      }
    }
  }

  private void block(
      Tensor queries,
      Tensor gallery,
      boolean sameSet,
      Relevance relevance,
      QueryTotals totals,
      int from,
      int to,
      Arena arena) {
    int n = to - from;
    long[] offsets = new long[n + 1];
    for (int q = 0; q < n; q++) {
      offsets[q + 1] = offsets[q] + relevance.count(from + q);
    }
    int size = Math.toIntExact(offsets[n]);
    long[] ranks = new long[size];
    byte[] tied = new byte[n];
    if (size > 0) {
      int at = 0;
      for (int q = from; q < to; q++) {
        at = relevance.copy(q, ranks, at);
      }
      Tensor relevant = arena.of(ranks, size);
      Tensor out = arena.allocate(DType.I64, size);
      Tensor self = null;
      if (sameSet) {
        long[] ids = new long[n];
        for (int q = 0; q < n; q++) {
          ids[q] = from + q;
        }
        self = arena.of(ids, n);
      }
      backend.rank(
          queries.rows(from, to), gallery, self, arena.of(offsets, n + 1), relevant, out, tied);
      ranks = out.toLongs();
    }
    for (int q = 0; q < n; q++) {
      int count = relevance.count(from + q);
      totals.add(from + q, ranks, (int) offsets[q], (int) offsets[q + 1], count, tied[q] != 0);
    }
  }
}
