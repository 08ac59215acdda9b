package io.vicinal.sample;

import io.vicinal.loss.tuple.Standard;
import java.util.Arrays;

/**
 * Centres that cover a pool: no other choice of as many has less than half the greatest distance of
 * a sample to its nearest centre (Gonzalez 1985).
 *
 * @param classes centres of a batch; default 8
 * @param samples of each centre's class; default 4
 * @param pool samples that centres are chosen from; default 512
 * @param softened whether a centre is any of the farthest three in a hundred; default false
 */
@Sampling.Facts(
    name = "greedy-coreset",
    rule =
        "of a random pool any sample, then always the one farthest from its nearest chosen one,"
            + " until there are classes; each with samples - 1 others of its class",
    source = "Roth et al., ICML 2020 (GC); Gonzalez 1985",
    needs = {Sampling.Need.LABELS, Sampling.Need.EMBEDDINGS})
public record GreedyCoresetSampling(
    @Standard(value = "8", least = 1) int classes,
    @Standard(value = "4", least = 1) int samples,
    @Standard(value = "512", least = 1, most = 16384) int pool,
    @Standard("false") boolean softened)
    implements Sampling {
  private static final int ONE_IN = 33; // three in a hundred

  @Override
  public Sampler over(Population of, long seed) {
    return Centres.sampler(
        of,
        classes,
        samples,
        pool,
        seed,
        softened ? GreedyCoresetSampling::far : (d, g) -> farthest(d));
  }

  /** The first of equals. */
  static int farthest(double[] squared) {
    int best = 0;
    for (int i = 1; i < squared.length; i++) {
      best = squared[i] > squared[best] ? i : best;
    }
    return best;
  }

  private static int far(double[] squared, Xoshiro generator) {
    double[] left = Arrays.stream(squared).filter(d -> d >= 0).sorted().toArray();
    double least = left[left.length - 1 - left.length / ONE_IN];
    int at = generator.below((int) Arrays.stream(left).filter(d -> d >= least).count());
    for (int i = 0; ; i++) {
      if (squared[i] >= least && at-- == 0) {
        return i;
      }
    }
  }
}
