package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.program.Expr;

/**
 * Triplet loss: a positive is closer than a negative, by a margin.
 *
 * @param margin default 0.2
 * @param squared whether distances are squared; default true
 */
@TupleLoss.Facts(
    name = "triplet",
    formula = "mean_T [d(a,p)^2 - d(a,n)^2 + margin]+; squared=false: of d",
    source = "Schroff, Kalenichenko, Philbin, CVPR 2015",
    tuples = Tuples.TRIPLETS)
public record Triplet(@Standard("0.2") double margin, @Standard("true") boolean squared)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Measure d = squared ? Measure.SQUARED_DISTANCE : Measure.DISTANCE;
    return in.triplets(d, (ap, an) -> ap.minus(an).plus(margin).relu()).mean();
  }
}
