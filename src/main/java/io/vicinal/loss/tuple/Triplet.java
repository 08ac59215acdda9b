package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Triplet loss: a positive is closer than a negative, by a margin.
 *
 * @param margin default 0.2
 * @param squared whether distances are squared; default true
 * @param swap whether the negative's distance to the positive counts where it is the smaller one
 *     (Balntas et al., BMVC 2016); default false
 * @param soft whether log(1 + exp(.)) takes the place of [.]+ (Hermans et al., 2017); default false
 * @param mean over all triplets, which is the default, or over those that are active, above 0
 */
@TupleLoss.Facts(
    name = "triplet",
    formula =
        "mean_T [d(a,p)^2 - d(a,n)^2 + margin]+; squared=false: of d; swap=true: of"
            + " min(d(a,n), d(p,n)); soft=true: log(1 + exp(.)) for [.]+; mean=active: over terms"
            + " above 0",
    source = "Schroff, Kalenichenko, Philbin, CVPR 2015",
    tuples = TupleLoss.Tuples.TRIPLETS)
public record Triplet(
    @Standard("0.2") double margin,
    @Standard("true") boolean squared,
    @Standard("false") boolean swap,
    @Standard("false") boolean soft,
    @Standard(
            value = "all",
            choices = {"all", "active"})
        String mean)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Measure d = squared ? Measure.SQUARED_DISTANCE : Measure.DISTANCE;
    Terms terms =
        swap ? in.triangles(d, (ap, an, pn) -> of(ap, an.smaller(pn))) : in.triplets(d, this::of);
    return terms.mean(mean);
  }

  private Expr of(Expr ap, Expr an) {
    Expr over = ap.minus(an).plus(margin);
    return soft ? over.softplus() : over.relu();
  }
}
