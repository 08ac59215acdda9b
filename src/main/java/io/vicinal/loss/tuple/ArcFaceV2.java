package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * ArcFace with the variants that are in use.
 *
 * @param marginDegrees default 28.6
 * @param scale default 64
 * @param tail of the own class beyond an angle of pi - margin: line, which goes on falling and is
 *     the default; easy: the margin is for angles below 90 degrees only; none: the cosine rises
 *     again
 * @param coded whether embeddings are taken as they are, and cosines below 1e-10 are that, without
 *     a derivative, as in published code; default false
 */
@TupleLoss.Facts(
    name = "arcface-v2",
    formula =
        "mean_i cross-entropy of scale cos t_c; of the own class scale cos(t + margin), and beyond"
            + " t = pi - margin scale (cos t - margin sin margin); tail=easy: scale cos t where t >"
            + " pi/2; tail=none: cos(t + margin) everywhere; coded=true: x as it is, cosines of at least"
            + " 1e-10",
    source = "Deng, Guo, Xue, Zafeiriou, CVPR 2019")
public record ArcFaceV2(
    @Standard(value = "28.6", least = 0, most = 180) double marginDegrees,
    @Standard(value = "64", least = 1e-6) double scale,
    @Standard(
            value = "line",
            choices = {"line", "easy", "none"})
        String tail,
    @Standard("false") boolean coded)
    implements TupleLoss {
  private static final double LEAST = 1e-10;

  @Override
  public Expr value(Batch in) {
    Expr x = coded ? in.embedding() : in.embedding().unitRows();
    Expr products = x.matmul(in.parameter("proxies", "C", "d").unitRows().transposed());
    Expr cosines = coded ? products.larger(LEAST).smaller(1 - LEAST) : products;
    Expr own = Angles.withMargin(ClassScores.own(in, cosines), marginDegrees, tail);
    return ClassScores.crossEntropy(in, cosines.times(scale), own.times(scale));
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("proxies", List.of("C", "d")));
  }
}
