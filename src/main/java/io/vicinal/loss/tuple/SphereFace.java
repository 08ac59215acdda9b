package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * SphereFace: a sample's angle to its class counts as if it were a multiple of itself.
 *
 * @param margin the multiple, default 4
 * @param scale default 1
 */
@TupleLoss.Facts(
    name = "sphereface",
    formula =
        "mean_i cross-entropy of scale |x| cos t_c; of the own class scale |x| psi(t),"
            + " psi(t) = (-1)^k cos(margin t) - 2k for k pi <= margin t <= (k + 1) pi",
    source = "Liu et al., CVPR 2017")
public record SphereFace(
    @Standard(value = "4", least = 1, most = 16) int margin,
    @Standard(value = "1", least = 1e-6) double scale)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr x = in.embedding();
    Expr lengths = x.square().sum(1).sqrt().times(scale);
    Expr cosines = x.cosines(in.parameter("weight", "C", "d"));
    Expr own = psi(in, ClassScores.own(in, cosines));
    return ClassScores.crossEntropy(in, cosines.times(lengths), own.times(lengths));
  }

  /** Of an angle's cosine: cos(margin t) by the recurrence of Chebyshev's polynomials. */
  private Expr psi(Batch in, Expr cosine) {
    Expr before = in.one();
    Expr multiple = cosine;
    Expr turns = in.constant(0);
    Expr sign = in.one();
    for (int j = 1; j < margin; j++) {
      Expr next = cosine.times(multiple).times(2).minus(before);
      before = multiple;
      multiple = next;
      Expr past = cosine.lessOrEqual(Math.cos(j * Math.PI / margin));
      turns = turns.plus(past);
      sign = sign.times(past.times(2).oneMinus());
    }
    return sign.times(multiple).minus(turns.times(2));
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("weight", List.of("C", "d")));
  }
}
