package io.vicinal.retrieval;

import io.vicinal.tensor.Tensor;

/** Finds the ranks of every query's relevant rows, in bounded memory. */
interface RankSource {
  /**
   * Entries of relevant ids or of neighbour lists that one block of queries may have: 32 MiB each.
   */
  long BLOCK_ENTRIES = 4L << 20;

  /**
   * Hands every query to {@code totals} once, in order.
   *
   * @param sameSet whether query i is gallery row i, and left out of its own ranking
   */
  void ranks(
      Tensor queries, Tensor gallery, boolean sameSet, Relevance relevance, QueryTotals totals);
}
