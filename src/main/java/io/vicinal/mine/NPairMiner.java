package io.vicinal.mine;

import io.vicinal.loss.tuple.TupleLoss.Tuples;

/** Sets of an anchor, one random positive and all negatives. */
@Miner.Facts(
    name = "n-pair",
    rule = "p any; every n",
    source = "Sohn, NIPS 2016; as in Roth et al., ICML 2020",
    yields = Tuples.SETS)
public record NPairMiner() implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    out.pair(a, draws.oneOf(in.positives(a)), true);
    for (int n : in.negatives(a)) {
      out.pair(a, n, false);
    }
  }
}
