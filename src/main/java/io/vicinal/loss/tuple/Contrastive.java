package io.vicinal.loss.tuple;

import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.program.Expr;

/**
 * Contrastive loss: positives come closer than one margin, negatives go farther than another.
 *
 * @param posMargin default 0
 * @param negMargin default 1
 */
@TupleLoss.Facts(
    name = "contrastive",
    formula = "mean_(a,p) [d(a,p) - pos-margin]+ + mean_(a,n) [neg-margin - d(a,n)]+",
    source = "Hadsell, Chopra, LeCun, CVPR 2006",
    tuples = {Tuples.PAIRS, Tuples.TRIPLETS})
public record Contrastive(@Standard("0") double posMargin, @Standard("1") double negMargin)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Terms near = in.positivePairs(Measure.DISTANCE).map(d -> d.minus(posMargin).relu());
    Terms far = in.negativePairs(Measure.DISTANCE).map(d -> d.negate().plus(negMargin).relu());
    return near.mean().plus(far.mean());
  }
}
