package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * A random positive, and a negative as likely as its distance is rare on the unit sphere.
 *
 * @param lowerCutoff nearer negatives count as being so far; default 0.5
 * @param upperCutoff farther negatives are left out, unless all are; default 2: none
 * @param alone what becomes of a sample that is alone in its class: skip, which is the default; or
 *     self, its own positive, as in published code
 */
@Miner.Facts(
    name = "distance",
    rule =
        "p any; n with probability ~ D^(2-d) (1 - D^2/4)^((3-d)/2), D at least lower-cutoff, none"
            + " above upper-cutoff; alone=self: p = a where a has no other",
    source = "Wu et al., ICCV 2017; as in Roth et al., ICML 2020")
public record DistanceMiner(
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff,
    @Standard(
            value = "skip",
            choices = {"skip", "self"})
        String alone)
    implements AnchorMiner {
  /** Checks that the cutoffs leave something between them. */
  public DistanceMiner {
    DistanceWeights.check("distance", lowerCutoff, upperCutoff);
  }

  /** Skips samples that are alone. */
  DistanceMiner(double lowerCutoff, double upperCutoff) {
    this(lowerCutoff, upperCutoff, "skip");
  }

  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    if (alone.equals("skip")) {
      AnchorMiner.super.mine(in, draws, out);
      return;
    }
    for (int a = 0; a < in.size(); a++) {
      if (in.negatives(a).length == 0) {
        out.skip();
      } else {
        mine(a, in, draws, out);
      }
    }
  }

  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int[] positives = in.positives(a);
    int p = positives.length == 0 ? a : draws.oneOf(positives);
    int n = new DistanceWeights(lowerCutoff, upperCutoff).choose(a, in.negatives(a), in, draws);
    out.triplet(a, p, n);
  }
}
