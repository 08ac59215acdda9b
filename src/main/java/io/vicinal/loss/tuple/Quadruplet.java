package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Quadruplet loss: a positive is closer than a negative, and closer than two negatives are to each
 * other. The fourth sample f is of neither the anchor's nor the negative's class: the first such
 * one that follows the negative in the batch, where the batch's end is followed by its start. A
 * triplet for which there is none has no second term. A miner may name it instead.
 *
 * @param alpha1 the first margin, default 0.2
 * @param alpha2 the second one, default 0.2
 */
@TupleLoss.Facts(
    name = "quadruplet",
    formula =
        "mean_T [d(a,p) - d(a,n) + alpha1]+ + mean_T [d(a,p) - d(n,f) + alpha2]+; f: the next"
            + " sample after n, cyclically, of another class than a and n",
    source = "Chen, Chen, Zhang, Huang, CVPR 2017",
    tuples = {TupleLoss.Tuples.TRIPLETS, TupleLoss.Tuples.QUADRUPLETS})
public record Quadruplet(@Standard("0.2") double alpha1, @Standard("0.2") double alpha2)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Terms near = in.triplets(Measure.DISTANCE, (ap, an) -> ap);
    Terms second = in.isList() ? listed(in, near) : all(in, near);
    Expr apart = second.mean();
    return in.triplets(Measure.DISTANCE, (ap, an) -> ap.minus(an).plus(alpha1).relu())
        .mean()
        .plus(apart);
  }

  private Terms second(Terms near, Expr opposite, Expr outer, Expr mask) {
    Expr values = near.values().minus(opposite).plus(alpha2).relu();
    return new Terms(near.batch(), values, outer, mask);
  }

  private Terms listed(Batch in, Terms near) {
    boolean given = in.mined() == TupleLoss.Tuples.QUADRUPLETS;
    Expr fourth = given ? in.member("fourths") : next(in);
    Expr x = in.embedding();
    Expr opposite = Measure.DISTANCE.rows(x.gather(in.member("negatives")), x.gather(fourth));
    return second(near, opposite, null, fourth.toReal().column().greaterOrEqual(0));
  }

  private static Expr next(Batch in) {
    Expr negatives = in.member("negatives");
    Expr other = in.alike().not();
    Expr allowed = other.gather(in.member("anchors")).and(other.gather(negatives)); // [m, B]
    return nearness(in).gather(negatives).argmax(allowed, 1).drop(1);
  }

  /** The distance of n to f over [a, n, f], of which nothing but a sum over f is kept. */
  private Terms all(Batch in, Terms near) {
    Expr other = in.alike().not();
    Expr allowed = other.expand(1).and(other.expand(0));
    Expr nearness = nearness(in).expand(0).broadcastLike(allowed);
    Expr best = nearness.stoppedMax(allowed, 0, 2);
    Expr fourth = allowed.and(nearness.equalTo(best));
    Expr opposite =
        in.matrix(Measure.DISTANCE).expand(0).broadcastLike(allowed).sum(fourth, 2).drop(2);
    Expr mask = near.mask().and(best.drop(2).step().expand(1));
    return second(near, opposite.expand(1), near.outer(), mask);
  }

  /** B for the sample after this one, down to 1 for itself, [B, B]. */
  private static Expr nearness(Batch in) {
    Expr ahead = in.self().index(1).minus(in.self().index(0));
    Expr size = in.embedding().size(0);
    return ahead.lessOrEqual(0).select(ahead.negate(), size.minus(ahead)).plus(1);
  }
}
