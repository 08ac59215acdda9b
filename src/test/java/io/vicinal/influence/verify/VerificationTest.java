package io.vicinal.influence.verify;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class VerificationTest {
  private final double[][] truth = normal(1, 3, 60);
  private final FakeModel model = new FakeModel(truth, 0);

  private static double[][] normal(long seed, int rows, int columns) {
    Xoshiro random = new Xoshiro(seed);
    double[][] values = new double[rows][columns];
    for (double[] row : values) {
      Arrays.setAll(row, i -> random.nextGaussian());
    }
    return values;
  }

  private List<Outcome> outcomes(List<Edit> edits) {
    return edits.stream().map(model::resolve).toList();
  }

  private List<Outcome> leaveOneOut() {
    return outcomes(LongStream.range(0, 40).mapToObj(Edit::remove).toList());
  }

  @Test
  void theTruthAgreesWithItself() {
    Verification loo = Verification.of(truth, leaveOneOut());
    assertThat(loo.pearson()).isCloseTo(1, within(1e-12));
    assertThat(loo.spearman()).isCloseTo(1, within(1e-12));
    assertThat(loo.sizeError()).isLessThan(1e-12);
    assertThat(loo.sign()).isEqualTo(1);
    Verification lds = Verification.of(truth, outcomes(Subsets.random(60, 0.5, 30, 0)));
    assertThat(lds.spearman()).isCloseTo(1, within(1e-12));
    assertThat(lds.edits().get(7)).isEqualTo("subset 7");
  }

  @Test
  void noiseDoesNot() {
    double[][] other = normal(2, 3, 60);
    assertThat(Math.abs(Verification.of(other, leaveOneOut()).spearman())).isLessThan(0.3);
    List<Outcome> subsets = outcomes(Subsets.random(60, 0.5, 100, 0));
    assertThat(Math.abs(Verification.of(other, subsets).spearman())).isLessThan(0.3);
  }

  @Test
  void rightOrderAndWrongSize() {
    double[][] third = normal(1, 3, 60);
    Arrays.stream(third).forEach(row -> Arrays.setAll(row, i -> row[i] / 3));
    Verification loo = Verification.of(third, leaveOneOut());
    assertThat(loo.spearman()).isCloseTo(1, within(1e-12));
    assertThat(loo.sizeError()).isCloseTo(2.0 / 3, within(1e-12));
    assertThat(loo.agreement().get(0).slope()).isCloseTo(1.0 / 3, within(1e-12));
  }

  @Test
  void editsWithoutAPredictionAreLeftOut() {
    double[][] some = normal(1, 3, 60);
    some[0][3] = Double.NaN;
    Arrays.fill(some[1], 0, 39, Double.NaN);
    Verification loo = Verification.of(some, leaveOneOut());
    assertThat(loo.agreement().get(0).count()).isEqualTo(39);
    assertThat(loo.agreement().get(0).pearson()).isCloseTo(1, within(1e-12));
    assertThat(loo.agreement().get(1).count()).isEqualTo(1);
    assertThat(loo.agreement().get(1).pearson()).isNaN();
    assertThat(loo.pearson()).isCloseTo(1, within(1e-12));
  }

  @Test
  void measurementsMustMatch() {
    refused(
        () -> Verification.of(normal(1, 2, 60), leaveOneOut()),
        "3 measurements were retrained and 2 predicted");
  }

  @Test
  void stabilityIsTheCorrelationOverTheDamping() {
    double[][] noise = normal(9, 3, 60);
    List<Stability> stable =
        Stability.of(
            truth,
            factor -> {
              if (factor < 0.2) {
                return null;
              }
              double[][] moved = new double[3][60];
              for (int q = 0; q < 3; q++) {
                double[] row = moved[q];
                double[] own = truth[q];
                double[] off = noise[q];
                // Query 2 changes its order with the damping, the others do not.
                double share = q == 2 ? 2 : 0.01;
                Arrays.setAll(row, i -> factor * (own[i] + share * off[i]));
              }
              return moved;
            });
    assertThat(stable.get(0).spearman()[0]).isNaN();
    assertThat(stable.get(0).spearman()[1]).isGreaterThan(0.99);
    assertThat(stable.stream().map(Stability::isStable)).containsExactly(true, true, false);
  }

  /** Estimators with a shortlist know some samples only, and other ones at another damping. */
  @Test
  void samplesWithoutAScoreSayNothingAboutStability() {
    double[][] some = normal(1, 3, 60);
    some[0][3] = Double.NaN;
    Arrays.fill(some[1], 1, 60, Double.NaN);
    List<Stability> stable =
        Stability.of(
            some,
            factor -> {
              double[][] other = normal(1, 3, 60);
              other[0][4] = Double.NaN;
              return other;
            });
    assertThat(stable.get(0).spearman()).containsOnly(1);
    assertThat(stable.get(1).spearman()).containsOnly(Double.NaN);
    assertThat(stable.get(1).isStable()).isFalse();
    assertThat(stable.get(2).isStable()).isTrue();
  }

  @Test
  void unsolvableNeighboursAreNotStable() {
    assertThat(new Stability(new double[] {1, Double.NaN, 1, 1}).isStable()).isFalse();
    assertThat(new Stability(new double[] {0, 0.9, 0.9, 0}).isStable()).isTrue();
  }
}
