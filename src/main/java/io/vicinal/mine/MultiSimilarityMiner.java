package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;
import io.vicinal.loss.tuple.TupleLoss.Tuples;

/**
 * Pairs that are harder than the anchor's easiest of the other kind.
 *
 * @param eps slack; default 0.1
 */
@Miner.Facts(
    name = "multi-similarity",
    rule = "s(a,n) + eps > min s(a,p); s(a,p) - eps < max s(a,n)",
    source = "Wang et al., CVPR 2019",
    yields = Tuples.PAIRS)
public record MultiSimilarityMiner(@Standard("0.1") double eps) implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    double least = Double.POSITIVE_INFINITY;
    for (int p : in.positives(a)) {
      least = Math.min(least, in.product(a, p));
    }
    double most = Double.NEGATIVE_INFINITY;
    for (int n : in.negatives(a)) {
      most = Math.max(most, in.product(a, n));
    }
    for (int p : in.positives(a)) {
      if (in.product(a, p) - eps < most) {
        out.pair(a, p, true);
      }
    }
    for (int n : in.negatives(a)) {
      if (in.product(a, n) + eps > least) {
        out.pair(a, n, false);
      }
    }
  }
}
