package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Circle loss: each similarity is weighted by how far it is from where it should be.
 *
 * @param m relaxation, default 0.4
 * @param gamma scale, default 80
 * @param detach whether the weights have no derivative, as in the paper; default true
 */
@TupleLoss.Facts(
    name = "circle",
    formula =
        "mean over anchors with both of log(1 + sum_n exp(gamma [s + m]+ (s - m))"
            + " sum_p exp(-gamma [1 + m - s]+ (s - 1 + m))); detach=true: [.]+ are constants",
    source = "Sun et al., CVPR 2020",
    tuples = TupleLoss.Tuples.SETS)
public record Circle(
    @Standard("0.4") double m,
    @Standard(value = "80", least = 1e-6) double gamma,
    @Standard("true") boolean detach)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT);
    Expr pull = weight(s.negate().plus(1 + m)).times(s.minus(1 - m)).times(-gamma);
    Expr push = weight(s.plus(m)).times(s.minus(m)).times(gamma);
    Expr near = pull.logSumExp(in.positives(), 0, 1);
    Expr far = push.logSumExp(in.negatives(), 0, 1);
    Expr both = in.any(in.positives()).and(in.any(in.negatives()));
    return new Terms(in, near.plus(far).softplus(), null, both).mean();
  }

  private Expr weight(Expr missing) {
    return detach ? missing.relu().stop() : missing.relu();
  }
}
