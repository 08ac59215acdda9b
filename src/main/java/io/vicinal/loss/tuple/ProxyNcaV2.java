package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * ProxyNCA over other distances than the squared one of {@code proxy-nca} and {@code proxy-nca-pp}.
 *
 * @param scale of the unit vectors, default 3
 * @param distance euclidean, squared, or product: -x p
 * @param excludePositive whether the sum leaves the sample's own class out; default false
 */
@TupleLoss.Facts(
    name = "proxy-nca-v2",
    formula =
        "mean_i D(x,p_y) + log sum_c exp(-D(x,p_c)); D = d, d^2 or -x p of scale x/|x| and"
            + " scale p/|p|; exclude-positive=true: c other than y",
    source = "Movshovitz-Attias et al., ICCV 2017; Teh et al., ECCV 2020")
public record ProxyNcaV2(
    @Standard(value = "3", least = 1e-4, most = 1e4) double scale,
    @Standard(
            value = "euclidean",
            choices = {"euclidean", "squared", "product"})
        String distance,
    @Standard("false") boolean excludePositive)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr x = in.embedding().unitRows().times(scale);
    Expr p = in.parameter("proxies", "C", "d").unitRows().times(scale);
    Expr scores =
        switch (distance) {
          case "euclidean" -> Measure.DISTANCE.matrix(x, p).negate();
          case "squared" -> Measure.SQUARED_DISTANCE.matrix(x, p).negate();
          default -> Measure.PRODUCT.matrix(x, p);
        };
    Expr own = ClassScores.own(in, scores);
    return excludePositive
        ? ClassScores.mean(in, scores, ClassScores.others(in, scores).minus(own))
        : ClassScores.crossEntropy(in, scores, own);
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("proxies", List.of("C", "d")));
  }
}
