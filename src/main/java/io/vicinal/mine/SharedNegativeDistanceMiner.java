package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;
import java.util.Arrays;

/**
 * What classes share: anchor, positive and negative are of three classes, the negative
 * distance-weighted.
 *
 * @param lowerCutoff as of {@code distance}
 * @param upperCutoff as of {@code distance}
 */
@Miner.Facts(
    name = "shared-negative-distance",
    rule = "n as distance; p any of a third class",
    source = "Milbich et al., ECCV 2020")
public record SharedNegativeDistanceMiner(
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff)
    implements Miner {
  /** Checks that the cutoffs leave something between them. */
  public SharedNegativeDistanceMiner {
    DistanceWeights.check("shared-negative-distance", lowerCutoff, upperCutoff);
  }

  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    mine(in, draws, out, (a, third) -> draws.oneOf(third));
  }

  /** Chooses the positive of an anchor among those of a third class. */
  interface Choice {
    int of(int anchor, int[] third);
  }

  void mine(Candidates in, Draws draws, Mined out, Choice positive) {
    DistanceWeights weights = new DistanceWeights(lowerCutoff, upperCutoff);
    for (int a = 0; a < in.size(); a++) {
      if (in.classes() < 3) {
        out.skip();
        continue;
      }
      int n = weights.choose(a, in.negatives(a), in, draws);
      int[] third =
          Arrays.stream(in.negatives(a)).filter(j -> in.classOf(j) != in.classOf(n)).toArray();
      out.triplet(a, positive.of(a, third), n);
    }
  }
}
