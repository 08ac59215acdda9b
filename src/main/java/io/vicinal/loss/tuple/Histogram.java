package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Histogram loss: the probability that a negative pair is more similar than a positive one, of
 * histograms into which each similarity is split linearly between two neighbouring nodes.
 * Similarities beyond -1 and 1 count as those.
 *
 * @param bins nodes from -1 to 1, default 65
 */
@TupleLoss.Facts(
    name = "histogram",
    formula =
        "sum_r h-_r sum_(q<=r) h+_q; h+, h-: shares of positive and negative pairs at the nodes"
            + " -1 + 2 r / (bins - 1), each s split linearly between its neighbours",
    source = "Ustinova, Lempitsky, NIPS 2016")
public record Histogram(@Standard(value = "65", least = 2, most = 10_000) int bins)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT).larger(-1).smaller(1);
    Expr place = s.plus(1).times((bins - 1) / 2.0); // in nodes
    Expr node = in.range(bins).expand(0).expand(2); // [1, bins, 1]
    Expr weight = place.expand(1).minus(node).abs().oneMinus().relu(); // a grid that is never kept
    Expr once = in.self().index(0).lessThan(in.self().index(1)); // of (i, j) and (j, i) one
    Expr near = share(weight, in.positives().and(once));
    Expr far = share(weight, in.negatives().and(once));
    Expr pairs = in.others().and(once).sum();
    in.note(pairs, pairs);
    return near.cumulativeSum(1, false).times(far).total();
  }

  /** Where a stretch of the mask is 0, and half of it is, nothing is computed. */
  private static Expr share(Expr weight, Expr mask) {
    Expr outer = mask.expand(1);
    return outer.select(weight, 0).sum(0, 2).over(mask.sum().larger(1));
  }
}
