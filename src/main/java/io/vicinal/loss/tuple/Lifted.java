package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Generalised lifted structure loss: an anchor's positives against its negatives, each as a soft
 * maximum. Anchors without a positive or without a negative are left out.
 *
 * @param negMargin default 1
 * @param reg how much the mean length of embeddings costs, default 0.005
 * @param lonely whether an anchor without positives or without negatives counts, with 0 for that
 *     sum, as in pytorch-metric-learning; default false
 */
@TupleLoss.Facts(
    name = "lifted",
    formula =
        "mean over anchors with both of [log sum_p exp d(a,p) + log sum_n exp(neg-margin - d(a,n))]+"
            + " + reg mean_i |x_i|; lonely=true: over all anchors, 0 for the log of no sum",
    source = "Hermans, Beyer, Leibe, 2017; after Oh Song et al., CVPR 2016",
    tuples = TupleLoss.Tuples.SETS)
public record Lifted(
    @Standard("1") double negMargin,
    @Standard("0.005") double reg,
    @Standard("false") boolean lonely)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr d = in.matrix(Measure.DISTANCE);
    Expr near = d.logSumExp(in.positives(), 0, 1);
    Expr far = d.negate().plus(negMargin).logSumExp(in.negatives(), 0, 1);
    Expr kept = d.count(in.positives(), 1).step().and(d.count(in.negatives(), 1).step());
    Expr counted = lonely ? in.one().broadcastLike(kept) : kept;
    return new Terms(in, near.plus(far).relu(), null, counted)
        .mean()
        .plus(in.meanLength().times(reg));
  }
}
