package io.vicinal.retrieval;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Tensor;
import java.util.List;

/**
 * Ranks read off neighbour lists, as deep as the metrics need. Ties are those seen inside the
 * lists.
 */
final class NeighbourRanks implements RankSource {
  private final Backend backend;
  private final List<MetricId> metrics;

  NeighbourRanks(Backend backend, List<MetricId> metrics) {
    this.backend = backend;
    this.metrics = metrics;
  }

  @Override
  public void ranks(
      Tensor queries, Tensor gallery, boolean sameSet, Relevance relevance, QueryTotals totals) {
    long available = gallery.dim(0) - (sameSet ? 1 : 0);
    int most = relevance.most();
    int depth = 1;
    for (MetricId id : metrics) {
      depth = (int) Math.max(depth, Math.min(available, id.depth(most, available)));
    }
    int[] groups = relevance.galleryGroups();
    int rows = (int) Math.max(1, Math.min(relevance.queries(), BLOCK_ENTRIES / depth));
    long[] ranks = new long[depth];
    for (int from = 0; from < relevance.queries(); from += rows) {
      MatrixChecks.checkInterrupt("evaluation");
      int to = Math.min(relevance.queries(), from + rows);
      long[] self = sameSet ? new long[to - from] : null;
      for (int q = from; sameSet && q < to; q++) {
        self[q - from] = q;
      }
      NeighbourList list = Neighbours.search(queries.rows(from, to), gallery, depth, self, backend);
      for (int q = from; q < to; q++) {
        int hits = 0;
        for (int j = 0; j < depth; j++) {
          if (relevance.relevant(q, groups[(int) list.id(q - from, j)])) {
            ranks[hits++] = j + 1;
          }
        }
        boolean tied = tied(list, q - from, ranks, hits);
        totals.add(q, ranks, 0, hits, relevance.count(q), tied);
      }
    }
  }

  /** Whether a run of equal distances holds both a relevant row and another. */
  private static boolean tied(NeighbourList list, int q, long[] ranks, int hits) {
    for (int i = 0; i < hits; i++) {
      int j = (int) ranks[i] - 1;
      boolean before =
          j > 0 && list.distance(q, j - 1) == list.distance(q, j) && (i == 0 || ranks[i - 1] != j);
      boolean after =
          j + 1 < list.k()
              && list.distance(q, j + 1) == list.distance(q, j)
              && (i + 1 == hits || ranks[i + 1] != j + 2);
      if (before || after) {
        return true;
      }
    }
    return false;
  }
}
