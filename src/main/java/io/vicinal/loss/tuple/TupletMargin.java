package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Tuplet margin loss: all negatives of an anchor are farther than a positive would be if it were
 * closer by an angle.
 *
 * @param marginDegrees default 5.73
 * @param scale default 64
 */
@TupleLoss.Facts(
    name = "tuplet-margin",
    formula =
        "mean_(a,p) log(1 + sum_n exp(scale (cos t(a,n) - cos(t(a,p) - margin)))), t the angle",
    source = "Yu, Tao, ICCV 2019",
    tuples = TupleLoss.Tuples.SETS)
public record TupletMargin(
    @Standard(value = "5.73", least = 0, most = 180) double marginDegrees,
    @Standard(value = "64", least = 1e-6) double scale)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr cosines = in.matrix(Measure.COSINE);
    Expr near = Angles.cosineOfSum(cosines, -Math.toRadians(marginDegrees)).times(scale);
    Expr far = cosines.times(scale).logSumExp(in.negatives(), 0, 1); // [B, 1]
    Expr values = in.any(in.negatives()).select(far.minus(near).softplus(), 0);
    return new Terms(in, values, null, in.positives()).mean();
  }
}
