package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;
import java.util.Arrays;

/**
 * Distance-weighted with the batch's labels shuffled: what it finds has nothing to do with the true
 * ones. A control.
 *
 * @param lowerCutoff as of {@code distance}
 * @param upperCutoff as of {@code distance}
 */
@Miner.Facts(
    name = "random-distance",
    rule = "as distance, with the labels in a random order; a control",
    source = "Roth et al., ICML 2020; Milbich et al., ECCV 2020")
public record RandomDistanceMiner(
    @Standard(value = "0.5", least = 1e-6, most = 1.9) double lowerCutoff,
    @Standard(value = "2", least = 0) double upperCutoff)
    implements Miner {
  /** Checks that the cutoffs leave something between them. */
  public RandomDistanceMiner {
    DistanceWeights.check("random-distance", lowerCutoff, upperCutoff);
  }

  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    long[] labels = new long[in.references()];
    Arrays.setAll(labels, in::classOf);
    draws.shuffle(labels);
    new DistanceMiner(lowerCutoff, upperCutoff).mine(in.relabelled(labels), draws, out);
  }
}
