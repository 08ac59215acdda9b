package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;
import io.vicinal.loss.tuple.TupleLoss.Tuples;

/**
 * Pairs that a contrastive loss still moves.
 *
 * @param posMargin positives that are farther; default 0.2
 * @param negMargin negatives that are nearer; default 0.8
 */
@Miner.Facts(
    name = "pair-margin",
    rule = "D(a,p) > pos-margin; D(a,n) < neg-margin",
    source = "Hadsell, Chopra, LeCun, CVPR 2006; pytorch-metric-learning",
    yields = Tuples.PAIRS)
public record PairMarginMiner(@Standard("0.2") double posMargin, @Standard("0.8") double negMargin)
    implements Miner {
  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    for (int a = 0; a < in.size(); a++) {
      for (int p : in.positives(a)) {
        if (in.distance(a, p) > posMargin) {
          out.pair(a, p, true);
        }
      }
      for (int n : in.negatives(a)) {
        if (in.distance(a, n) < negMargin) {
          out.pair(a, n, false);
        }
      }
    }
  }
}
