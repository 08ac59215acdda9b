package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Angular loss, with the N-pair loss beside it: the angle at the negative of the triangle that it
 * makes with a pair stays below a bound. Pairs and negatives are those of {@link NPair}.
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
   * exp(4t(a+p)n) = exp(4t an) exp(4t pn), so the sums over n are one product of matrices. Cosines
   * are at most 1, and with 4t under 19 no factor of a float32 product vanishes.
   */
  private Terms angles(Batch in) {
    double t = Math.pow(Math.tan(Math.toRadians(alpha)), 2);
    Expr c = in.matrix(Measure.COSINE);
    Expr raised = c.minus(1).times(4 * t).exp();
    Expr sum = in.negatives().select(raised, 0).matmul(raised.transposed());
    Expr none = sum.equalTo(0);
    Expr exponent = c.times(-2 * (1 + t)).plus(8 * t);
    Expr values = none.select(0, none.select(1, sum).log().plus(exponent).softplus());
    return new Terms(in, values, null, in.positives());
  }
}
