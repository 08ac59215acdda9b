package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import java.util.Arrays;

/**
 * The hardest share of all positive pairs and of all negative ones that have a sample of the batch,
 * each pair once; the first of equals. One of two samples of the batch comes in both orders.
 *
 * @param filterPercentage the share, rounded up; default 0.5
 */
@Miner.Facts(
    name = "hdc",
    rule = "the filter-percentage of all (a,p) with the largest D, and of all (a,n) with the least",
    source = "Yuan, Yang, Zhang, ICCV 2017",
    yields = Tuples.PAIRS)
public record HdcMiner(@Standard(value = "0.5", least = 0, most = 1) double filterPercentage)
    implements Miner {
  private static final double ROUNDING = 1e-9;

  @Override
  public void mine(Candidates in, Draws draws, Mined out) {
    keep(in, true, out);
    keep(in, false, out);
  }

  private void keep(Candidates in, boolean positive, Mined out) {
    int all = 0;
    int pairs = in.size() * (in.references() - 1) - in.size() * (in.size() - 1) / 2;
    double[] hardness = new double[pairs]; // ascends: the hardest first
    for (int i = 0; i < in.size(); i++) {
      for (int j : positive ? in.positives(i) : in.negatives(i)) {
        if (j > i) {
          hardness[all++] = hardness(in, i, j, positive);
        }
      }
    }
    int count = (int) Math.ceil(filterPercentage * all - ROUNDING);
    if (count <= 0) {
      return;
    }
    Arrays.sort(hardness, 0, all);
    double last = hardness[count - 1];
    int equals = count; // places for those as hard as the last
    while (equals > 0 && hardness[count - equals] != last) {
      equals--;
    }
    for (int i = 0; i < in.size(); i++) {
      for (int j : positive ? in.positives(i) : in.negatives(i)) {
        double value = j > i ? hardness(in, i, j, positive) : Double.NaN;
        if (value < last || value == last && equals-- > 0) {
          out.pair(i, j, positive);
          if (j < in.size()) {
            out.pair(j, i, positive);
          }
        }
      }
    }
  }

  private static double hardness(Candidates in, int i, int j, boolean positive) {
    return positive ? -in.squaredDistance(i, j) : in.squaredDistance(i, j);
  }
}
