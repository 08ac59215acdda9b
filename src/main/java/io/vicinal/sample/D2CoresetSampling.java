package io.vicinal.sample;

import io.vicinal.loss.tuple.Standard;

/**
 * Centres drawn as k-means++ draws its first ones.
 *
 * @param classes centres of a batch; default 8
 * @param samples of each centre's class; default 4
 * @param pool samples that centres are drawn from; default 512
 * @param power of the squared distance; 0 draws any; default 1
 */
@Sampling.Facts(
    name = "d2-coreset",
    rule =
        "of a random pool any sample, then one with probability ~ (D^2)^power, D its distance to"
            + " the nearest chosen one, until there are classes; each with samples - 1 others of"
            + " its class",
    source =
        "Arthur and Vassilvitskii, SODA 2007; as an idea in the code of Roth et al., ICML 2020",
    needs = {Sampling.Need.LABELS, Sampling.Need.EMBEDDINGS})
public record D2CoresetSampling(
    @Standard(value = "8", least = 1) int classes,
    @Standard(value = "4", least = 1) int samples,
    @Standard(value = "512", least = 1, most = 16384) int pool,
    @Standard(value = "1", least = 0, most = 16) double power)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    return Centres.sampler(of, classes, samples, pool, seed, this::draw);
  }

  /** As likely as its weight; where all weights are 0, any that is no centre. */
  private int draw(double[] squared, Xoshiro generator) {
    double largest = 0;
    for (double d : squared) {
      largest = Math.max(largest, d);
    }
    double[] sums = new double[squared.length];
    double sum = 0;
    for (int i = 0; i < squared.length; i++) {
      double part = largest > 0 ? squared[i] / largest : 1; // so that no power is too large
      sum += squared[i] < 0 ? 0 : StrictMath.pow(part, power);
      sums[i] = sum;
    }
    double at = generator.nextDouble() * sum; // below the sum, also when rounded
    int i = 0;
    while (sums[i] <= at) {
      i++;
    }
    return i;
  }
}
