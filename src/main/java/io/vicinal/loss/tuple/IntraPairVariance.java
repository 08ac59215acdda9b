package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Intra-pair variance loss: pairs of one kind are no harder than their mean, a share of it aside.
 * Usually added to another loss.
 *
 * @param posEps default 0.01
 * @param negEps default 0.01
 */
@TupleLoss.Facts(
    name = "intra-pair-variance",
    formula =
        "mean_(a,p) [(1 - pos-eps) mean s - s(a,p)]+^2 + mean_(a,n) [s(a,n) - (1 + neg-eps) mean"
            + " s]+^2, each mean s over the pairs of that kind",
    source = "Yu, Tao, ICCV 2019",
    tuples = {TupleLoss.Tuples.PAIRS, TupleLoss.Tuples.TRIPLETS, TupleLoss.Tuples.SETS})
public record IntraPairVariance(@Standard("0.01") double posEps, @Standard("0.01") double negEps)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Terms near = in.positivePairs(Measure.PRODUCT);
    Terms far = in.negativePairs(Measure.PRODUCT);
    Expr least = near.mean().times(1 - posEps);
    Expr most = far.mean().times(1 + negEps);
    Expr pull = near.map(s -> least.minus(s).relu().square()).mean();
    Expr push = far.map(s -> s.minus(most).relu().square()).mean();
    return pull.plus(push);
  }
}
