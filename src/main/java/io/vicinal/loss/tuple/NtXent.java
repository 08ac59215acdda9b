package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * NT-Xent, with labels: each positive pair against the negatives of its anchor.
 *
 * @param temperature default 0.07
 * @param measure product, or distance: s = -d
 * @param mean over pairs, which is the default, or over anchors, each with the mean of its pairs
 */
@TupleLoss.Facts(
    name = "nt-xent",
    formula =
        "mean_(a,p) -log(e(a,p) / (e(a,p) + sum_n e(a,n))), e = exp(s / temperature);"
            + " measure=distance: s = -d; mean=anchors: mean_a mean_p",
    source = "Sohn, NIPS 2016; Chen, Kornblith, Norouzi, Hinton, ICML 2020",
    tuples = TupleLoss.Tuples.SETS)
public record NtXent(
    @Standard(value = "0.07", least = 1e-6) double temperature,
    @Standard(
            value = "product",
            choices = {"product", "distance"})
        String measure,
    @Standard(
            value = "pairs",
            choices = {"pairs", "anchors"})
        String mean)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = Measure.similarity(in, measure).times(1 / temperature);
    Expr far = s.logSumExp(in.negatives(), 0, 1); // [B, 1]
    Expr values = in.any(in.negatives()).select(far.minus(s).softplus(), 0);
    Expr near = in.positives();
    return mean.equals("pairs")
        ? new Terms(in, values, null, near).mean()
        : new Terms(in, values.mean(near, 1), null, in.any(near)).mean();
  }
}
