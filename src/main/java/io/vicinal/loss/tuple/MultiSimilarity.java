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
 * @param mean over anchors that keep pairs of both kinds, which is the default; all; or separate:
 *     for each kind over those that keep some, and log 2 in place of the sum where none does, as
 *     published code does
 * @param self whether the mining takes an anchor for its own positive, likewise; default false
 */
@TupleLoss.Facts(
    name = "multi-similarity",
    formula =
        "mean over anchors with kept pairs of LSE+_p(-alpha (s - base)) / alpha"
            + " + LSE+_n(beta (s - base)) / beta; kept: s_n + eps > min s_p, s_p - eps < max s_n;"
            + " measure=euclidean: s = -d, base a distance; mean=all: over all anchors;"
            + " mean=separate: each LSE+ over anchors with kept pairs of its kind; mining=false: every"
            + " pair, over all anchors; self=true: an anchor may be kept as its own positive",
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
        String measure,
    @Standard(
            value = "kept",
            choices = {"kept", "all", "separate"})
        String mean,
    @Standard("false") boolean self)
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
      Expr candidates = self ? near.larger(in.self()) : near;
      near = candidates.and(s.minus(eps).lessThan(hardest)).and(both);
      far = far.and(s.plus(eps).greaterThan(easiest)).and(both);
      counted = mean.equals("all") ? counted : in.any(near).and(in.any(far));
    }
    Expr pull = above.times(-alpha).logSumExp1p(near, 1).over(alpha);
    Expr push = above.times(beta).logSumExp1p(far, 1).over(beta);
    Expr value = new Terms(in, pull.plus(push), null, counted).mean();
    return mean.equals("separate")
        ? own(in, pull, near, alpha).plus(own(in, push, far, beta))
        : value;
  }

  private static Expr own(Batch in, Expr values, Expr kept, double scale) {
    Expr some = in.any(kept);
    Expr none = some.total().equalTo(0);
    return none.select(Math.log(2) / scale, values.mean(some, 0, 1).total());
  }
}
