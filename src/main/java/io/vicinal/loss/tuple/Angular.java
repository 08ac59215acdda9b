package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Angular loss, with the N-pair loss beside it: the angle at the negative of the triangle that it
 * makes with a pair stays below a bound. Pairs and negatives are those of {@link NPair}.
 *
 * <p>With a memory positive and negative are references, and what two of them that are remembered
 * have in common is a constant: with R references it takes R² numbers.
 *
 * @param alpha the bound in degrees, default 45
 * @param weight of the angular part, default 2
 * @param reg how much the mean length of embeddings costs, default 0.005
 */
@TupleLoss.Facts(
    name = "angular",
    formula =
        "n-pair + weight mean_(a,p) log(1 + sum_n exp(4 t (a+p).n - 2 (1+t) a.p)) of unit vectors,"
            + " t = tan(alpha)^2",
    source = "Wang, Zhou, Wen, Liu, Lin, ICCV 2017",
    tuples = TupleLoss.Tuples.SETS)
public record Angular(
    @Standard(value = "45", least = 1, most = 65) double alpha,
    @Standard("2") double weight,
    @Standard("0.005") double reg)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr pairs = NPair.pairs(in).mean();
    return angles(in).mean().times(weight).plus(pairs).plus(in.meanLength().times(reg));
  }

  /**
   * A grid [a, p, n] that is never kept, and of which only what has a positive is computed. Cosines
   * are at most 1, and with t under 5 no exponent of it is above 49.
   */
  private Terms angles(Batch in) {
    double t = Math.pow(Math.tan(Math.toRadians(alpha)), 2);
    Expr c = in.matrix(Measure.COSINE);
    Expr far = c.expand(1).plus(in.between(Measure.COSINE).expand(0)).times(4 * t);
    Expr raised = far.minus(c.expand(2).times(2 * (1 + t))).exp();
    Expr sum = in.positives().expand(2).select(raised, 0).sum(in.negatives().expand(1), 2);
    return new Terms(in, sum.drop(2).log1p(), null, in.positives());
  }
}
