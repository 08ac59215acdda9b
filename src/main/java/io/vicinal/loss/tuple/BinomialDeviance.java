package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Binomial deviance: each pair's cosine is a logit of being a positive one.
 *
 * @param alpha how fast a term falls or rises; default 2
 * @param beta the cosine at which a pair is neither; default 0.5
 * @param cost how much steeper negatives are; default 25
 */
@TupleLoss.Facts(
    name = "binomial-deviance",
    formula =
        "mean_(a,p) log(1 + exp(-alpha (s(a,p) - beta)))"
            + " + mean_(a,n) log(1 + exp(alpha cost (s(a,n) - beta))), s the cosine",
    source = "Yi, Lei, Liao, Li, ICPR 2014",
    tuples = {TupleLoss.Tuples.PAIRS, TupleLoss.Tuples.TRIPLETS, TupleLoss.Tuples.SETS})
public record BinomialDeviance(
    @Standard(value = "2", least = 0) double alpha,
    @Standard("0.5") double beta,
    @Standard(value = "25", least = 0) double cost)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Terms near = in.positivePairs(Measure.COSINE).map(s -> s.minus(beta).times(-alpha).softplus());
    Terms far =
        in.negativePairs(Measure.COSINE).map(s -> s.minus(beta).times(alpha * cost).softplus());
    Expr value = near.mean().plus(far.mean());
    in.note(near.count().plus(far.count()), near.active().plus(far.active()));
    return value;
  }
}
