package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Neighbourhood components analysis: the probability that a sample picks a neighbour of its own
 * class.
 *
 * @param scale of squared distances, default 1
 */
@TupleLoss.Facts(
    name = "nca",
    formula =
        "mean over anchors with positives of -log(sum_p exp(-scale d^2) / sum over all others)",
    source = "Goldberger, Roweis, Hinton, Salakhutdinov, NIPS 2004")
public record Nca(@Standard(value = "1", least = 0) double scale) implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr logits = in.matrix(Measure.SQUARED_DISTANCE).times(-scale);
    Expr all = logits.logSumExp(in.others(), 0, 1);
    Expr near = logits.logSumExp(in.positives(), 0, 1);
    return new Terms(in, all.minus(near), null, in.any(in.positives())).mean();
  }
}
