package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * The nearest positive, and a distance-weighted negative.
 *
 * @param lowerCutoff as of {@code distance}
 * @param upperCutoff as of {@code distance}
 */
@Miner.Facts(
    name = "easy-positive",
    rule = "p nearest; n as distance",
    source = "Xuan, Stylianou, Pless, WACV 2020; negatives as Wu et al., ICCV 2017")
public record EasyPositiveMiner(
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff)
    implements AnchorMiner {
  /** Checks that the cutoffs leave something between them. */
  public EasyPositiveMiner {
    DistanceWeights.check("easy-positive", lowerCutoff, upperCutoff);
  }

  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int n = new DistanceWeights(lowerCutoff, upperCutoff).choose(a, in.negatives(a), in, draws);
    out.triplet(a, in.nearest(a, in.positives(a)), n);
  }
}
