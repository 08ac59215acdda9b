package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.Locale;

/**
 * Contrastive loss: positives come closer than one margin, negatives go farther than another.
 *
 * @param posMargin default 0
 * @param negMargin default 1
 * @param measure what is compared with the margins ({@link Measure}); default distance
 * @param eps what PyTorch's pairwise distance adds to each coordinate's difference, of distances;
 *     default 0
 * @param zeroMean how much a mean of embeddings away from 0 costs, default 0
 * @param mean over all pairs, which is the default, or over those that are active, above 0
 */
@TupleLoss.Facts(
    name = "contrastive",
    formula =
        "mean_(a,p) [d(a,p) - pos-margin]+ + mean_(a,n) [neg-margin - d(a,n)]+; measure=cosine:"
            + " the other way round; mean=active: over terms above 0; eps: d = |x - y + eps|;"
            + " + zero-mean mean_i |sum_d x_id|",
    source = "Hadsell, Chopra, LeCun, CVPR 2006",
    tuples = {TupleLoss.Tuples.PAIRS, TupleLoss.Tuples.TRIPLETS, TupleLoss.Tuples.SETS})
public record Contrastive(
    @Standard("0") double posMargin,
    @Standard("1") double negMargin,
    @Standard(
            value = "distance",
            choices = {"distance", "squared-distance", "cosine", "noise"})
        String measure,
    @Standard(value = "0", least = 0) double eps,
    @Standard("0") double zeroMean,
    @Standard(
            value = "all",
            choices = {"all", "active"})
        String mean)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Measure d = Measure.valueOf(measure.replace('-', '_').toUpperCase(Locale.ROOT));
    int sign = d == Measure.COSINE ? -1 : 1;
    double shift = d == Measure.COSINE || d == Measure.NOISE ? 0 : eps;
    Terms near = in.positivePairs(d, shift).map(v -> v.minus(posMargin).times(sign).relu());
    Terms far = in.negativePairs(d, shift).map(v -> v.minus(negMargin).times(-sign).relu());
    Expr value = near.mean(mean).plus(far.mean(mean));
    in.note(near.count().plus(far.count()), near.active().plus(far.active()));
    return zeroMean == 0 ? value : value.plus(in.shifts().mean().times(zeroMean));
  }
}
