package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Multi-similarity loss with its own mining: pairs count that are harder than the anchor's easiest
 * of the other kind.
 *
 * @param alpha of positives, default 2
 * @param beta of negatives, default 40
 * @param base similarity, default 0.5
 * @param eps slack of the mining, default 0.1
 * @param mining default true; false keeps every pair, and the mean is over all anchors
 * @param measure product, or euclidean: s is -d, and the base is a distance
 */
@TupleLoss.Facts(
    name = "multi-similarity",
    formula =
        "mean over anchors with kept pairs of LSE+_p(-alpha (s - base)) / alpha"
            + " + LSE+_n(beta (s - base)) / beta; kept: s_n + eps > min s_p, s_p - eps < max s_n;"
            + " measure=euclidean: s = -d, base a distance",
    source = "Wang et al., CVPR 2019",
    tuples = TupleLoss.Tuples.SETS)
public record MultiSimilarity(
    @Standard(value = "2", least = 1e-6) double alpha,
    @Standard(value = "40", least = 1e-6) double beta,
    @Standard("0.5") double base,
    @Standard("0.1") double eps,
    @Standard("true") boolean mining,
    @Standard(
            value = "product",
            choices = {"product", "euclidean"})
        String measure)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    boolean product = measure.equals("product");
    Expr s = product ? in.matrix(Measure.PRODUCT) : in.matrix(Measure.DISTANCE).negate();
    Expr above = s.minus(product ? base : -base);
    Expr near = in.positives();
    Expr far = in.negatives();
    Expr counted = in.one().broadcastLike(in.any(near));
    if (mining) {
      Expr hardest = s.stoppedMax(far, 0, 1);
      Expr easiest = s.negate().stoppedMax(near, 0, 1).negate();
      Expr both = in.any(near).and(in.any(far)); // [B, 1]
      near = near.and(s.minus(eps).lessThan(hardest)).and(both);
      far = far.and(s.plus(eps).greaterThan(easiest)).and(both);
      counted = in.any(near).and(in.any(far));
    }
    Expr pull = above.times(-alpha).logSumExp1p(near, 1).over(alpha);
    Expr push = above.times(beta).logSumExp1p(far, 1).over(beta);
    return new Terms(in, pull.plus(push), null, counted).mean();
  }
}
