package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Lifted structure loss: each pair of a class against the negatives of both its samples. Pairs
 * without any are left out.
 *
 * <p>With a memory all pairs are meant of which at least one is of the batch: a sample of the batch
 * has its negatives among all references, and a positive that is remembered among the batch.
 *
 * @param posMargin default 0
 * @param negMargin default 1
 */
@TupleLoss.Facts(
    name = "lifted-structure",
    formula =
        "mean_(a,p) [log(sum_n exp(neg-margin - d(a,n)) + sum_n exp(neg-margin - d(p,n)))"
            + " + d(a,p) - pos-margin]+^2 / 2",
    source = "Oh Song, Xiang, Jegelka, Savarese, CVPR 2016",
    tuples = TupleLoss.Tuples.SETS)
public record LiftedStructure(@Standard("0") double posMargin, @Standard("1") double negMargin)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr d = in.matrix(Measure.DISTANCE);
    Expr near = d.negate().plus(negMargin);
    Expr negatives = in.negatives();
    Expr far = near.logSumExp(negatives, 0, 1); // [B, 1]
    Expr other = in.across(far, near.logSumExp(negatives, 0, 0)); // [1, B]
    Expr has = d.count(negatives, 1).step();
    Expr otherHas = in.across(has, d.count(negatives, 0).step());
    Expr both = far.plus(other.minus(far).softplus()); // log(exp + exp), [B, B]
    Expr one = has.broadcastLike(d).select(far, other);
    Expr push = has.and(otherHas).select(both, one);
    Expr value = push.plus(d).minus(posMargin).relu().square().over(2);
    return new Terms(in, value, null, in.positives().and(has.larger(otherHas))).mean();
  }
}
