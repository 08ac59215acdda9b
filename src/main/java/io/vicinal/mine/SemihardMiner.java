package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * A random positive, and a random negative that is farther, but less than a margin; if there is
 * none, any.
 *
 * @param margin default 0.2
 */
@Miner.Facts(
    name = "semihard",
    rule = "p any; n of D(a,p) < D(a,n) < D(a,p) + margin, else any",
    source = "Schroff, Kalenichenko, Philbin, CVPR 2015; as in Roth et al., ICML 2020")
public record SemihardMiner(@Standard(value = "0.2", least = 0) double margin)
    implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int p = draws.oneOf(in.positives(a));
    double near = in.distance(a, p);
    int n =
        draws.oneOf(
            in.negatives(a), k -> in.distance(a, k) > near && in.distance(a, k) < near + margin);
    out.triplet(a, p, n);
  }
}
