package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Smooth-AP: average precision with a sigmoid for each comparison of two similarities.
 *
 * @param temperature default 0.01
 * @param self whether the anchor is a positive in its own list, as in the authors' code; default
 *     true
 */
@TupleLoss.Facts(
    name = "smooth-ap",
    formula =
        "mean over anchors with positives of 1 - mean_p r+_p / r_p,"
            + " r_p = 1 + sum_(z != p) sigmoid((s_z - s_p) / temperature), r+: over positives z;"
            + " self=true: the anchor is one",
    source = "Brown, Xie, Kalogeiton, Zisserman, ECCV 2020")
public record SmoothAp(
    @Standard(value = "0.01", least = 1e-6) double temperature, @Standard("true") boolean self)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT);
    Expr near = self ? in.alike() : in.positives();
    Expr list = self ? null : in.others();
    Expr precisions =
        Ranks.of(s, near, near, temperature).over(Ranks.of(s, near, list, temperature));
    Expr loss = precisions.mean(near, 1).oneMinus();
    return new Terms(in, loss, null, in.any(in.positives())).mean();
  }
}
