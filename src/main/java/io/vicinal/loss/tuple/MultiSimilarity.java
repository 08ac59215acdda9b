package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Multi-similarity loss with its own mining: pairs count that are harder than the anchor's easiest
 * of the other kind.
 *
 * @param alpha of positives, default 2
 * @param beta of negatives, default 40
 * @param base similarity, default 0.5
 * @param eps slack of the mining, default 0.1; a large one keeps every pair
 */
@TupleLoss.Facts(
    name = "multi-similarity",
    formula =
        "mean over anchors with kept pairs of LSE+_p(-alpha (s - base)) / alpha"
            + " + LSE+_n(beta (s - base)) / beta; kept: s_n + eps > min s_p, s_p - eps < max s_n",
    source = "Wang et al., CVPR 2019")
public record MultiSimilarity(
    @Standard(value = "2", least = 1e-6) double alpha,
    @Standard(value = "40", least = 1e-6) double beta,
    @Standard("0.5") double base,
    @Standard("0.1") double eps)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT);
    Expr positives = in.positives();
    Expr negatives = in.negatives();
    Expr hardest = s.stoppedMax(negatives, 0, 1);
    Expr easiest = s.negate().stoppedMax(positives, 0, 1).negate();
    Expr both = s.count(positives, 1).step().and(s.count(negatives, 1).step()); // [B, 1]
    Expr near = positives.and(s.minus(eps).lessThan(hardest)).and(both);
    Expr far = negatives.and(s.plus(eps).greaterThan(easiest)).and(both);
    Expr kept = s.count(near, 1).step().and(s.count(far, 1).step());
    Expr pull = s.minus(base).times(-alpha).logSumExp1p(near, 1).over(alpha);
    Expr push = s.minus(base).times(beta).logSumExp1p(far, 1).over(beta);
    return new Terms(in, pull.plus(push), null, kept).mean();
  }
}
