package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import java.util.Arrays;

/**
 * Pairs spread evenly over their distances: the range that those of a kind have is cut into bins,
 * and from each bin come at most so many, each set of them as likely.
 *
 * @param bins default 100
 * @param posPerBin default 10
 * @param negPerBin default 10
 */
@Miner.Facts(
    name = "uniform-histogram",
    rule = "of each kind, any pos-per-bin or neg-per-bin pairs from each of bins bins of D",
    source = "pytorch-metric-learning",
    yields = Tuples.PAIRS)
public record UniformHistogramMiner(
    @Standard(value = "100", least = 1, most = 1e6) int bins,
    @Standard(value = "10", least = 1, most = 1e6) int posPerBin,
    @Standard(value = "10", least = 1, most = 1e6) int negPerBin)
    implements Miner {
  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    new Bins(in, true, posPerBin).draw(draws, out);
    new Bins(in, false, negPerBin).draw(draws, out);
  }

  /** The pairs of one kind. */
  private final class Bins {
    private final Candidates in;
    private final boolean positive;
    private final int quota;

    Bins(Candidates in, boolean positive, int quota) {
      this.in = in;
      this.positive = positive;
      this.quota = quota;
    }

    private int[] others(int a) {
      return positive ? in.positives(a) : in.negatives(a);
    }

    /** A reservoir for each bin (Vitter, 1985). */
    void draw(Draws draws, Mined out) {
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (int a = 0; a < in.size(); a++) {
        for (int o : others(a)) {
          least = Math.min(least, in.distance(a, o));
          most = Math.max(most, in.distance(a, o));
        }
      }
      int[] seen = new int[bins];
      int[][] kept = new int[bins][];
      for (int a = 0; a < in.size(); a++) {
        for (int o : others(a)) {
          int bin = bin(in.distance(a, o), least, most);
          int slot = seen[bin] < quota ? seen[bin] : draws.below(seen[bin] + 1);
          seen[bin]++;
          if (slot < quota) {
            int[] held = kept[bin] == null ? new int[Math.min(quota, 16)] : kept[bin];
            kept[bin] = slot < held.length ? held : Arrays.copyOf(held, 2 * slot);
            kept[bin][slot] = a * in.references() + o;
          }
        }
      }
      for (int bin = 0; bin < bins; bin++) {
        for (int k = 0; k < Math.min(seen[bin], quota); k++) {
          out.pair(kept[bin][k] / in.references(), kept[bin][k] % in.references(), positive);
        }
      }
    }

    private int bin(double distance, double least, double most) {
      return most > least
          ? (int) Math.min(bins * ((distance - least) / (most - least)), bins - 1.0)
          : 0;
    }
  }
}
