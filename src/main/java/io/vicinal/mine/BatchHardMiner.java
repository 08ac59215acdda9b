package io.vicinal.mine;

/** The farthest positive and the nearest negative of each anchor, the first of equals. */
@Miner.Facts(
    name = "batch-hard",
    rule = "p farthest; n nearest",
    source = "Hermans, Beyer, Leibe, 2017")
public record BatchHardMiner() implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    out.triplet(a, in.farthest(a, in.positives(a)), in.nearest(a, in.negatives(a)));
  }
}
