package io.vicinal.influence.solve;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The damping that is named is the delivered head's, not that of where a head ran to. */
class RunAwayTest {
  private static NegativeCurvatureException said(SolveReport.Status status) {
    boolean negative = status == SolveReport.Status.NEGATIVE_CURVATURE;
    SolveReport delivered =
        new SolveReport(status, 3, 4, 1, negative ? -0.2 : Double.NaN, negative ? 0.3 : Double.NaN);
    return NegativeCurvatureException.ranAway(0.01, 0.9, delivered);
  }

  @Test
  void whereItWasDelivered() {
    assertThat(said(SolveReport.Status.NEGATIVE_CURVATURE))
        .hasMessageContaining("ran away (it moved the weights by 90 %)")
        .hasMessageContaining("needs 0.300 or more")
        .extracting(NegativeCurvatureException::dampingThatWorks)
        .isEqualTo(0.3);
    assertThat(said(SolveReport.Status.CONVERGED))
        .hasMessageContaining("at the delivered head it is not; give a larger lambda")
        .hasMessageNotContaining("or more")
        .extracting(NegativeCurvatureException::dampingThatWorks)
        .isEqualTo(0.02);
  }
}
