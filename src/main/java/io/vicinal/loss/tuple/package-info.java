/**
 * Losses of a batch's embeddings against each other, each a record whose {@link
 * io.vicinal.loss.tuple.TupleLoss#value value} reads like its paper. Gradients and Hessian-vector
 * products are derived from it ({@link io.vicinal.program}).
 *
 * <pre>{@code
 * @TupleLoss.Facts(
 *     name = "contrastive",
 *     formula = "mean_T [d(a,p) - pos-margin]+ + mean_T [neg-margin - d(a,n)]+",
 *     source = "Hadsell et al., CVPR 2006")
 * public record Contrastive(@Standard("0") double posMargin, @Standard("1") double negMargin)
 *     implements TupleLoss {
 *   public Expr value(Batch in) {
 *     Terms near = in.positivePairs(Measure.DISTANCE).map(d -> d.minus(posMargin).relu());
 *     Terms far = in.negativePairs(Measure.DISTANCE).map(d -> d.negate().plus(negMargin).relu());
 *     return near.mean().plus(far.mean());
 *   }
 * }
 * }</pre>
 */
package io.vicinal.loss.tuple;
