package io.vicinal.sample;

import io.vicinal.loss.tuple.Standard;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Batches whose distances are spread as the pool's are.
 *
 * @param classes of a batch; default 8
 * @param samples of each; default 4
 * @param pool samples that are to be matched; default 512
 * @param candidates batches that are compared; default 10
 * @param bins of the histograms; default 50
 */
@Sampling.Facts(
    name = "disthist-batchmatch",
    rule =
        "of candidates batches of classes x samples from a pool the one with the least Wasserstein"
            + " distance between its histogram of pairwise distances and the pool's, of bins bins"
            + " over the pool's range",
    source = "Roth et al., ICML 2020 (DDM)",
    needs = {Sampling.Need.LABELS, Sampling.Need.EMBEDDINGS})
public record DisthistSampling(
    @Standard(value = "8", least = 1) int classes,
    @Standard(value = "4", least = 1) int samples,
    @Standard(value = "512", least = 1, most = 16384) int pool,
    @Standard(value = "10", least = 1, most = 1e6) int candidates,
    @Standard(value = "50", least = 1, most = 1e6) int bins)
    implements Sampling {
  @Override
  public Sampler over(Population of, long seed) {
    return Trials.sampler(of, classes, samples, pool, candidates, seed, this::cost);
  }

  private ToDoubleFunction<int[]> cost(Gram pool) {
    Histograms histograms = new Histograms(pool, bins);
    return histograms::distance;
  }

  /** Of a pool and its parts, over the range of the pool's distances. */
  static final class Histograms {
    private final Gram pool;
    private final int bins;
    private final double least;
    private final double width; // of a bin
    private final double[] whole;

    Histograms(Gram pool, int bins) {
      this.pool = pool;
      this.bins = bins;
      double low = Double.POSITIVE_INFINITY;
      double high = 0;
      for (int i = 0; i < pool.size(); i++) {
        for (int j = 0; j < i; j++) {
          low = Math.min(low, pool.squaredDistance(i, j));
          high = Math.max(high, pool.squaredDistance(i, j));
        }
      }
      least = Math.sqrt(low);
      width = (Math.sqrt(high) - least) / bins;
      whole = cumulative(IntStream.range(0, pool.size()).toArray());
    }

    /** The parts of the pairwise distances that are in a bin or one before. */
    private double[] cumulative(int[] part) {
      double[] share = new double[bins];
      double pairs = part.length * (part.length - 1.0) / 2;
      for (int i = 0; i < part.length; i++) {
        for (int j = 0; j < i; j++) {
          double distance = Math.sqrt(pool.squaredDistance(part[i], part[j]));
          double bin = width > 0 ? (distance - least) / width : 0;
          share[(int) Math.min(Math.max(bin, 0), bins - 1.0)] += 1 / pairs;
        }
      }
      for (int b = 1; b < bins; b++) {
        share[b] += share[b - 1];
      }
      return share;
    }

    /** The Wasserstein distance of order 1: what lies between the two cumulative histograms. */
    double distance(int[] part) {
      double[] own = cumulative(part);
      double area = 0;
      for (int b = 0; b < bins; b++) {
        area += Math.abs(own[b] - whole[b]);
      }
      return width > 0 ? area * width : 0;
    }
  }
}
