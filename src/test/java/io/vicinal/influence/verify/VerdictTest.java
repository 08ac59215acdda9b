package io.vicinal.influence.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Every condition alone decides, and each just at its limit. */
class VerdictTest {
  private static final Stability STEADY = new Stability(new double[] {0, 0.95, 0.95, 0});
  private static final Stability SHAKY = new Stability(new double[] {0, 0.95, 0.89, 0});
  private static final Verdict.Removal GOOD = new Verdict.Removal(0.02, 0.021, 0.5, 1e-5);

  private static Verdict with(Verdict.Removal other) {
    return Verdict.of(true, List.of(GOOD, other), STEADY);
  }

  private static void doubted(Verdict.Removal other, Doubt doubt) {
    Verdict verdict = with(other);
    assertThat(verdict.badge()).as(doubt.name()).isNotEqualTo(Badge.VERIFIED);
    assertThat(verdict.doubts()).containsExactly(doubt);
  }

  @Test
  void verifiedIfNothingSpeaksAgainstIt() {
    Verdict verdict = with(new Verdict.Removal(-0.03, -0.025, 0.5, 1e-5));
    assertThat(verdict).isEqualTo(new Verdict(Badge.VERIFIED, java.util.Set.of()));
    assertThat(Verdict.of(true, List.of(GOOD), SHAKY).badge()).isEqualTo(Badge.VERIFIED);
    assertThat(Verdict.of(true, List.of(GOOD), null).badge()).isEqualTo(Badge.VERIFIED);
  }

  @Test
  void dampingOutsideTheSpectrum() {
    Verdict verdict = Verdict.of(false, List.of(GOOD), STEADY);
    assertThat(verdict.badge()).as("nothing is stable there").isEqualTo(Badge.UNSTABLE);
    assertThat(verdict.doubts()).containsExactly(Doubt.DAMPING);
  }

  @Test
  void everyRemovalMustBeSolvedAgain() {
    doubted(new Verdict.Removal(0.02, Double.NaN, Double.NaN, 1e-5), Doubt.UNSOLVED);
    Verdict none = Verdict.of(true, List.of(), STEADY);
    assertThat(none.badge()).isEqualTo(Badge.STABLE);
    assertThat(none.doubts()).containsExactly(Doubt.UNSOLVED);
  }

  @Test
  void againstThePrediction() {
    assertThat(with(new Verdict.Removal(0.02, -0.02, 0.5, 1e-5)).doubts())
        .containsExactlyInAnyOrder(Doubt.SIGN, Doubt.SIZE);
    assertThat(with(new Verdict.Removal(0.02, -0.02, 0.5, 1e-5)).badge())
        .as("a stable order does not save it")
        .isEqualTo(Badge.UNSTABLE);
  }

  @Test
  void withinTheErrorOfSolvingAgain() {
    doubted(new Verdict.Removal(0.02, 0.02, 0.5, 0.02), Doubt.ERROR);
    doubted(new Verdict.Removal(0.02, 0.02, 0.5, Double.NaN), Doubt.ERROR);
    assertThat(with(new Verdict.Removal(0.02, 0.02, 0.5, 0.0199)).badge())
        .isEqualTo(Badge.VERIFIED);
  }

  @Test
  void tooSmallAShareOfTheMeasurement() {
    doubted(new Verdict.Removal(1e-7, 1e-7, 0.1, 0), Doubt.SMALL);
    doubted(new Verdict.Removal(9.9e-5, 9.9e-5, 0.1, 0), Doubt.SMALL);
    assertThat(with(new Verdict.Removal(1.01e-4, 1.01e-4, -0.1, 0)).badge())
        .isEqualTo(Badge.VERIFIED);
  }

  @Test
  void theSizeIsOff() {
    doubted(new Verdict.Removal(0.0698, 0.0240, 0.5, 1e-5), Doubt.SIZE);
    doubted(new Verdict.Removal(0.0149, 0.02, 0.5, 1e-5), Doubt.SIZE);
    assertThat(with(new Verdict.Removal(0.0151, 0.02, 0.5, 1e-5)).badge())
        .isEqualTo(Badge.VERIFIED);
  }

  @Test
  void notVerifiedItIsStableOrNot() {
    Verdict.Removal off = new Verdict.Removal(0.0698, 0.0240, 0.5, 1e-5);
    assertThat(Verdict.of(true, List.of(off), STEADY).badge()).isEqualTo(Badge.STABLE);
    for (Stability other : new Stability[] {SHAKY, null}) {
      Verdict verdict = Verdict.of(true, List.of(off), other);
      assertThat(verdict.badge()).isEqualTo(Badge.UNSTABLE);
      assertThat(verdict.doubts()).containsExactlyInAnyOrder(Doubt.SIZE, Doubt.ORDER);
    }
  }

  @Test
  void noEffectIsTrustedFurtherThanItsExplanation() {
    assertThat(Verdict.of(true, List.of(GOOD), STEADY).of(true)).isEqualTo(Badge.VERIFIED);
    assertThat(Verdict.of(true, List.of(GOOD), STEADY).of(false)).isEqualTo(Badge.STABLE);
    assertThat(Verdict.of(true, List.of(GOOD), SHAKY).of(false)).isEqualTo(Badge.UNSTABLE);
    Verdict unstable = Verdict.of(false, List.of(GOOD), STEADY);
    assertThat(unstable.of(true)).isEqualTo(Badge.UNSTABLE);
    assertThat(unstable.of(false)).isEqualTo(Badge.UNSTABLE);
  }
}
