package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * FastAP: average precision of histograms of squared distances, which is a sum over distances of
 * how many positives lie there, times the precision up to there. Squared distances beyond 4 count
 * as 4, the most that unit vectors have.
 *
 * @param bins of the squared distances from 0 to 4, default 10
 */
@TupleLoss.Facts(
    name = "fastap",
    formula =
        "mean over anchors with positives of 1 - sum_r h+_r H+_r / H_r / |P|; h: d^2 split linearly"
            + " between the nodes 4 r / bins, H: h up to there, +: of positives",
    source = "Cakir, He, Xia, Kulis, Sclaroff, CVPR 2019")
public record FastAp(@Standard(value = "10", least = 1, most = 10_000) int bins)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr place = in.matrix(Measure.SQUARED_DISTANCE).smaller(4).times(bins / 4.0); // in nodes
    Expr node = in.range(bins + 1).expand(0).expand(2); // [1, bins + 1, 1]
    Expr weight = place.expand(1).minus(node).abs().oneMinus().relu(); // a grid that is never kept
    Expr near = weight.sum(in.positives().expand(1), 2); // [B, bins + 1, 1]
    Expr all = weight.sum(in.others().expand(1), 2).cumulativeSum(1, false);
    Expr found = near.times(near.cumulativeSum(1, false));
    Expr none = all.equalTo(0);
    Expr gain = none.select(0, found.over(none.select(1, all))).sum(1).drop(2); // [B, 1]
    Expr precision = gain.over(in.positives().sum(1).larger(1));
    return new Terms(in, precision.oneMinus(), null, in.any(in.positives())).mean();
  }
}
