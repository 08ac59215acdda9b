package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Recall@k surrogate: the positives within the first k of an anchor's list, with sigmoids in place
 * of steps. The list is the batch without the anchor.
 *
 * @param k the largest k; the loss is the mean over 1, 2, 4 and so on up to it, default 16
 * @param temperature of the comparison of ranks with k, default 1
 * @param rankTemperature of the comparisons of similarities that make a rank, default 0.01
 */
@TupleLoss.Facts(
    name = "recall-at-k",
    formula =
        "mean over anchors with positives and k' = 1, 2, 4 .. k of"
            + " 1 - min(k', sum_p sigmoid((k' - r_p) / temperature)) / min(k', |P|),"
            + " r_p = 1 + sum_(z != p) sigmoid((s_z - s_p) / rank-temperature)",
    source = "Patel, Tolias, Matas, CVPR 2022")
public record RecallAtK(
    @Standard(value = "16", least = 1, most = 1 << 20) int k,
    @Standard(value = "1", least = 1e-6) double temperature,
    @Standard(value = "0.01", least = 1e-6) double rankTemperature)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr positives = in.positives();
    Expr ranks = Ranks.of(in.matrix(Measure.PRODUCT), positives, in.others(), rankTemperature);
    Expr count = positives.sum(1); // [B, 1]
    Expr recalls = in.constant(0);
    int lists = 0;
    for (int first = 1; first <= k; first *= 2, lists++) {
      Expr hits = ranks.negate().plus(first).over(temperature).sigmoid().sum(positives, 1);
      recalls = recalls.plus(hits.smaller(first).over(count.larger(1).smaller(first)));
    }
    return new Terms(in, recalls.over(lists).oneMinus(), null, count.step()).mean();
  }
}
