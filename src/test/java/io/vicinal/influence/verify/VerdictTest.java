package io.vicinal.influence.verify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every condition alone decides, and each just at its limit. */
class VerdictTest {
  private static final Stability STEADY = new Stability(new double[] {0, 0.95, 0.95, 0});
  private static final Stability SHAKY = new Stability(new double[] {0, 0.95, 0.89, 0});
  private static final Verdict.Removal GOOD = new Verdict.Removal(0.02, 0.021, 0.5, 1e-5);

  private static Verdict with(Verdict.Removal other) {
    return Verdict.of(Set.of(), List.of(GOOD, other), STEADY);
  }

  private static void doubted(Verdict.Removal other, Doubt doubt) {
    Verdict verdict = with(other);
    assertThat(verdict.badge()).as(doubt.name()).isNotEqualTo(Badge.VERIFIED);
    assertThat(verdict.doubts()).containsExactly(doubt);
  }

  @Test
  void verifiedIfNothingSpeaksAgainstIt() {
    Verdict verdict = with(new Verdict.Removal(-0.03, -0.025, 0.5, 1e-5));
    assertThat(verdict.badge()).isEqualTo(Badge.VERIFIED);
    assertThat(verdict.doubts()).isEmpty();
    assertThat(Verdict.of(Set.of(), List.of(GOOD), SHAKY).badge()).isEqualTo(Badge.VERIFIED);
    assertThat(Verdict.of(Set.of(), List.of(GOOD), null).badge()).isEqualTo(Badge.VERIFIED);
  }

  @Test
  void dampingOutsideTheSpectrum() {
    Verdict verdict = Verdict.of(Set.of(Doubt.DAMPING), List.of(GOOD), STEADY);
    assertThat(verdict.badge()).as("nothing is stable there").isEqualTo(Badge.UNSTABLE);
    assertThat(verdict.doubts()).containsExactly(Doubt.DAMPING);
  }

  @Test
  void everyRemovalMustBeSolvedAgain() {
    doubted(new Verdict.Removal(0.02, Double.NaN, Double.NaN, 1e-5), Doubt.UNSOLVED);
    Verdict none = Verdict.of(Set.of(), List.of(), STEADY);
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
    Verdict.Removal off = new Verdict.Removal(0.03, 0.0200, 0.5, 1e-5);
    assertThat(Verdict.of(Set.of(), List.of(off), STEADY).badge()).isEqualTo(Badge.STABLE);
    for (Stability other : new Stability[] {SHAKY, null}) {
      Verdict verdict = Verdict.of(Set.of(), List.of(off), other);
      assertThat(verdict.badge()).isEqualTo(Badge.UNSTABLE);
      assertThat(verdict.doubts()).containsExactlyInAnyOrder(Doubt.SIZE, Doubt.ORDER);
    }
  }

  /** Solved again it was 13 times what was predicted: a steady order makes that no prediction. */
  @Test
  void aSizeThatIsFarOffIsNotStable() {
    Verdict.Removal far = new Verdict.Removal(0.00059, 0.00751, 0.1419, 1e-6);
    Verdict verdict = Verdict.of(Set.of(), List.of(GOOD, far), STEADY);
    assertThat(verdict)
        .hasToString("unstable: a predicted size is off by more than a quarter (13 times)");
    assertThat(with(new Verdict.Removal(0.0101, 0.02, 0.5, 0)).badge()).isEqualTo(Badge.STABLE);
    assertThat(with(new Verdict.Removal(0.0099, 0.02, 0.5, 0)).badge()).isEqualTo(Badge.UNSTABLE);
    assertThat(with(new Verdict.Removal(0.0101, 0.02, 0.5, 0)))
        .hasToString(
            "predicted, stable: a predicted size is off by more than a quarter (2.0 times)");
  }

  @Test
  void whatTheWordRestsOnStandsBesideIt() {
    assertThat(with(GOOD)).hasToString("verified: the 2 largest predicted removals, solved again");
    assertThat(Verdict.of(Set.of(), List.of(GOOD), SHAKY))
        .hasToString(
            "verified: the largest predicted removal, solved again; its order changes with the"
                + " damping");
    assertThat(Verdict.of(Set.of(), List.of(), STEADY))
        .hasToString("predicted, stable: not every top removal was solved again");
  }

  @Test
  void whatWasKnownBefore() {
    assertThat(Verdict.known(false, true, 0.27, 0.5)).isEmpty();
    assertThat(Verdict.known(false, true, 0.27, 0.1)).as("nearer still").isEmpty();
    assertThat(Verdict.known(false, true, Double.NaN, 0.5)).isEmpty();
    assertThat(Verdict.known(false, true, 0.27, 0.55)).containsExactly(Doubt.LEFT);
    assertThat(Verdict.known(true, false, 0.27, 2.385))
        .containsExactlyInAnyOrder(Doubt.FAILED, Doubt.DAMPING, Doubt.LEFT);
    for (Doubt doubt : new Doubt[] {Doubt.FAILED, Doubt.LEFT}) {
      assertThat(Verdict.of(Set.of(doubt), List.of(GOOD), STEADY).badge())
          .isEqualTo(Badge.UNSTABLE);
    }
  }

  @Test
  void noEffectIsTrustedFurtherThanItsExplanation() {
    assertThat(with(GOOD).of(true)).isEqualTo(Badge.VERIFIED);
    assertThat(with(GOOD).of(false)).as("not solved again").isEqualTo(Badge.STABLE);
    Verdict shaky = Verdict.of(Set.of(), List.of(GOOD), SHAKY);
    assertThat(shaky.of(false)).as("a row of a verified one").isEqualTo(Badge.PREDICTED);
    Verdict off = with(new Verdict.Removal(0.03, 0.02, 0.5, 0));
    assertThat(off.of(true)).isEqualTo(Badge.MEASURED);
    assertThat(off.of(false)).isEqualTo(Badge.PREDICTED);
    Verdict unstable = Verdict.of(Set.of(Doubt.DAMPING), List.of(GOOD), STEADY);
    assertThat(unstable.of(true)).isEqualTo(Badge.MEASURED);
    assertThat(unstable.of(false)).isEqualTo(Badge.UNSTABLE);
  }
}
