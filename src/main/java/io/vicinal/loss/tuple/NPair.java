package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * N-pair loss. Each ordered pair of a class is compared with all of the anchor's negatives; a miner
 * that hands one positive for an anchor makes it the paper's.
 *
 * @param reg how much the mean length of embeddings costs, default 0.005
 * @param regSquared whether that is the mean squared length, as in the paper; default false
 */
@TupleLoss.Facts(
    name = "n-pair",
    formula =
        "mean_(a,p) log(1 + sum_n exp(a.n - a.p)) + reg mean_i |x_i|;"
            + " reg-squared=true: |x_i|^2",
    source = "Sohn, NIPS 2016",
    tuples = TupleLoss.Tuples.SETS)
public record NPair(@Standard("0.005") double reg, @Standard("false") boolean regSquared)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr size = regSquared ? in.given().square().sum(1).mean() : in.meanLength();
    return pairs(in).mean().plus(size.times(reg));
  }

  /** log(1 + sum_n exp(a.n - a.p)) of each pair. */
  static Terms pairs(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT);
    Expr negatives = in.negatives();
    Expr far = s.logSumExp(negatives, 0, 1);
    Expr values = s.count(negatives, 1).select(far.minus(s).softplus(), 0);
    return new Terms(in, values, null, in.positives());
  }
}
