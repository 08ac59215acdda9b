package io.vicinal.mine;

import io.vicinal.loss.tuple.TupleLoss.Tuples;

/** Sets of an anchor, all positives and all negatives. */
@Miner.Facts(
    name = "lifted",
    rule = "every p; every n",
    source = "Oh Song et al., CVPR 2016; as in Roth et al., ICML 2020",
    yields = Tuples.SETS)
public record LiftedMiner() implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    for (int p : in.positives(a)) {
      out.pair(a, p, true);
    }
    for (int n : in.negatives(a)) {
      out.pair(a, n, false);
    }
  }
}
