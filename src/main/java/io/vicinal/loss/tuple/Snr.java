package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Signal-to-noise-ratio loss: a triplet loss of the noise x - a in units of the anchor's variance.
 *
 * @param margin default 0.2
 * @param reg how much an anchor's mean away from 0 costs, default 0.005
 */
@TupleLoss.Facts(
    name = "snr",
    formula =
        "sum_T [Var(a-p)/Var(a) - Var(a-n)/Var(a) + margin]+ / n + reg mean_T |sum_d a_d|;"
            + " n: terms above 0",
    source = "Yuan, Deng, Tang, Tang, Chen, CVPR 2019",
    tuples = TupleLoss.Tuples.TRIPLETS)
public record Snr(@Standard("0.2") double margin, @Standard("0.005") double reg)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr value =
        in.triplets(Measure.NOISE, (ap, an) -> ap.minus(an).plus(margin).relu()).meanOfActive();
    Expr times = in.tripletsPerAnchor();
    Expr shift = in.ofAnchors(in.shifts()).times(times).total();
    return value.plus(shift.over(times.total().larger(1)).times(reg));
  }
}
