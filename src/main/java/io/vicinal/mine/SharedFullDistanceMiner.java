package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * What classes share: anchor, positive and negative are of three classes, both others
 * distance-weighted.
 *
 * @param lowerCutoff as of {@code distance}
 * @param upperCutoff as of {@code distance}
 */
@Miner.Facts(
    name = "shared-full-distance",
    rule = "n as distance; p of a third class, as distance",
    source = "Milbich et al., ECCV 2020")
public record SharedFullDistanceMiner(
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff)
    implements Miner {
  /** Checks that the cutoffs leave something between them. */
  public SharedFullDistanceMiner {
    DistanceWeights.check("shared-full-distance", lowerCutoff, upperCutoff);
  }

  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    DistanceWeights weights = new DistanceWeights(lowerCutoff, upperCutoff);
    new SharedNegativeDistanceMiner(lowerCutoff, upperCutoff)
        .mine(in, draws, out, (a, third) -> weights.choose(a, third, in, draws));
  }
}
