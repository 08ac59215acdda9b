package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Supervised contrastive loss, its form with the mean outside of the logarithm.
 *
 * @param temperature default 0.1
 * @param measure product, or distance: s = -d
 */
@TupleLoss.Facts(
    name = "supcon",
    formula =
        "mean over anchors with positives of mean_p -log(e(a,p) / sum over all others e),"
            + " e = exp(s / temperature); measure=distance: s = -d",
    source = "Khosla et al., NeurIPS 2020",
    tuples = TupleLoss.Tuples.SETS)
public record SupCon(
    @Standard(value = "0.1", least = 1e-6) double temperature,
    @Standard(
            value = "product",
            choices = {"product", "distance"})
        String measure)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = Measure.similarity(in, measure).times(1 / temperature);
    Expr values = s.logSumExp(in.others(), 0, 1).minus(s.mean(in.positives(), 1));
    return new Terms(in, values, null, in.any(in.positives())).mean();
  }
}
