package io.vicinal.mine;

/**
 * A random positive of those farther than the nearest negative, and a random negative of those
 * nearer than the farthest positive; if there is none, any.
 */
@Miner.Facts(
    name = "softhard",
    rule = "p of D(a,p) > min D(a,n), else any; n of D(a,n) < max D(a,p), else any",
    source = "Roth and Brattoli, 2019; Roth et al., ICML 2020")
public record SofthardMiner() implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int[] positives = in.positives(a);
    int[] negatives = in.negatives(a);
    double nearest = in.distance(a, in.nearest(a, negatives));
    double farthest = in.distance(a, in.farthest(a, positives));
    out.triplet(
        a,
        draws.oneOf(positives, p -> in.distance(a, p) > nearest),
        draws.oneOf(negatives, n -> in.distance(a, n) < farthest));
  }
}
