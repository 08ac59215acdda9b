package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * Distance-weighted, but now and then a class is pushed apart: the anchor is its own positive, and
 * another sample of its class the negative.
 *
 * @param pSwitch how often; default 0.2
 * @param lowerCutoff as of {@code distance}
 * @param upperCutoff as of {@code distance}
 */
@Miner.Facts(
    name = "rho-distance",
    rule = "with probability p-switch p = a and n any of a's class; else as distance",
    source = "Roth et al., ICML 2020")
public record RhoDistanceMiner(
    @Standard(value = "0.2", least = 0, most = 1) double pSwitch,
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff)
    implements AnchorMiner {
  /** Checks that the cutoffs leave something between them. */
  public RhoDistanceMiner {
    DistanceWeights.check("rho-distance", lowerCutoff, upperCutoff);
  }

  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    if (draws.with(pSwitch)) {
      out.triplet(a, a, draws.oneOf(in.positives(a)));
    } else {
      new DistanceMiner(lowerCutoff, upperCutoff).mine(a, in, draws, out);
    }
  }
}
