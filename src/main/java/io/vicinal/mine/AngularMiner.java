package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * Triplets whose negative sees anchor and positive under a wide angle. With a memory it compares
 * the remembered samples of the batch's classes with all that are remembered.
 *
 * @param angle in degrees; default 20
 */
@Miner.Facts(
    name = "angular",
    rule = "atan(|a - p| / (2 |n - c|)) > angle, c = (a + p) / 2",
    source = "Wang et al., ICCV 2017; pytorch-metric-learning")
public record AngularMiner(@Standard(value = "20", least = 0, most = 90) double angle)
    implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    for (int p : in.positives(a)) {
      double side = in.squaredDistance(a, p);
      for (int n : in.negatives(a)) {
        // the median of the triangle, by its sides
        double median = (in.squaredDistance(a, n) + in.squaredDistance(p, n)) / 2 - side / 4;
        double seen = Math.atan2(Math.sqrt(side), 2 * Math.sqrt(Math.max(0, median)));
        if (Math.toDegrees(seen) > angle) {
          out.triplet(a, p, n);
        }
      }
    }
  }
}
