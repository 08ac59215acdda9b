package io.vicinal.mine;

import java.util.stream.IntStream;

/**
 * As many triplets as the batch has samples, each of one of its classes: the negative is of the
 * anchor's class too, and all three may be one sample. A control.
 */
@Miner.Facts(
    name = "intra-random",
    rule = "B times: a class, and a, p, n any of it, with replacement; a control",
    source = "Milbich et al., ECCV 2020")
public record IntraRandomMiner() implements Miner {
  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    int[][] anchors =
        IntStream.range(0, in.classes())
            .mapToObj(in::anchors)
            .filter(of -> of.length > 0)
            .toArray(int[][]::new);
    for (int i = 0; i < in.size(); i++) {
      int a = draws.oneOf(anchors[draws.below(anchors.length)]);
      int[] all = in.members(in.classOf(a));
      out.triplet(a, draws.oneOf(all), draws.oneOf(all));
    }
  }
}
