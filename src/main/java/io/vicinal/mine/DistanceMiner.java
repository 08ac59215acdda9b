package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * A random positive, and a negative as likely as its distance is rare on the unit sphere.
 *
 * @param lowerCutoff nearer negatives count as being so far; default 0.5
 * @param upperCutoff farther negatives are left out, unless all are; default 2: none
 */
@Miner.Facts(
    name = "distance",
    rule =
        "p any; n with probability ~ D^(2-d) (1 - D^2/4)^((3-d)/2), D at least lower-cutoff, none"
            + " above upper-cutoff",
    source = "Wu et al., ICCV 2017; as in Roth et al., ICML 2020")
public record DistanceMiner(
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff)
    implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int p = draws.oneOf(in.positives(a));
    int n = new DistanceWeights(lowerCutoff, upperCutoff).choose(a, in.negatives(a), in, draws);
    out.triplet(a, p, n);
  }
}
