package io.vicinal.mine;

/**
 * As many triplets as the batch has samples, each of one class: the negative is of the anchor's
 * class too, and all three may be one sample. A control.
 */
@Miner.Facts(
    name = "intra-random",
    rule = "B times: a class, and a, p, n any of it, with replacement; a control",
    source = "Milbich et al., ECCV 2020",
    square = true)
public record IntraRandomMiner() implements Miner {
  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    for (int i = 0; i < in.size(); i++) {
      int[] of = in.members(draws.below(in.classes()));
      out.triplet(draws.oneOf(of), draws.oneOf(of), draws.oneOf(of));
    }
  }
}
