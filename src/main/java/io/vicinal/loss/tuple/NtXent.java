package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * NT-Xent, with labels: each positive pair against the negatives of its anchor.
 *
 * @param temperature default 0.07
 */
@TupleLoss.Facts(
    name = "nt-xent",
    formula = "mean_(a,p) -log(e(a,p) / (e(a,p) + sum_n e(a,n))), e = exp(s / temperature)",
    source = "Sohn, NIPS 2016; Chen, Kornblith, Norouzi, Hinton, ICML 2020",
    tuples = TupleLoss.Tuples.SETS)
public record NtXent(@Standard(value = "0.07", least = 1e-6) double temperature)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT).over(temperature);
    Expr far = s.logSumExp(in.negatives(), 0, 1); // [B, 1]
    Expr values = in.any(in.negatives()).select(far.minus(s).softplus(), 0);
    return new Terms(in, values, null, in.positives()).mean();
  }
}
