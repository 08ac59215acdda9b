package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Sub-centre ArcFace: a class has several centres, and a sample's angle to its class is that to the
 * nearest. Beyond pi - margin the margin is a line that goes on falling.
 *
 * @param marginDegrees default 28.6
 * @param scale default 64
 * @param subCenters of a class, default 3
 */
@TupleLoss.Facts(
    name = "sub-center-arcface",
    formula =
        "mean_i cross-entropy of scale cos t_c, t_c the least angle to weight_ck, k < sub-centers;"
            + " of the own class scale cos(t + margin), beyond t = pi - margin scale (cos t - margin sin"
            + " margin)",
    source = "Deng, Guo, Liu, Gong, Zafeiriou, ECCV 2020")
public record SubCenterArcFace(
    @Standard(value = "28.6", least = 0, most = 180) double marginDegrees,
    @Standard(value = "64", least = 1e-6) double scale,
    @Standard(value = "3", least = 1, most = 100) int subCenters)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr weight = in.parameter("weight", sizes().toArray(String[]::new));
    Expr cosines = null;
    for (int k = 0; k < subCenters; k++) {
      Expr to = in.embedding().cosines(weight.slice(1, k, k + 1).drop(1));
      cosines = cosines == null ? to : cosines.larger(to);
    }
    Expr own = Angles.withMargin(ClassScores.own(in, cosines), marginDegrees, "line");
    return ClassScores.crossEntropy(in, cosines.times(scale), own.times(scale));
  }

  private List<String> sizes() {
    return List.of("C", Integer.toString(subCenters), "d");
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("weight", sizes()));
  }
}
