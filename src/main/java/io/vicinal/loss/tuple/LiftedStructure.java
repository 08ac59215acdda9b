package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Lifted structure loss: each pair of a class against the negatives of both its samples. Pairs
 * without any are left out.
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
    tuples = TupleLoss.Tuples.SETS,
    square = true)
public record LiftedStructure(@Standard("0") double posMargin, @Standard("1") double negMargin)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr d = in.matrix(Measure.DISTANCE);
    Expr far = d.negate().plus(negMargin).logSumExp(in.negatives(), 0, 1); // [B, 1]
    Expr has = d.count(in.negatives(), 1).step();
    Expr both = far.plus(far.transposed().minus(far).softplus()); // log(exp + exp), [B, B]
    Expr one = has.broadcastLike(d).select(far, far.transposed());
    Expr push = has.and(has.transposed()).select(both, one);
    Expr value = push.plus(d).minus(posMargin).relu().square().over(2);
    return new Terms(in, value, null, in.positives().and(has.larger(has.transposed()))).mean();
  }
}
