package io.vicinal.mine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights by multiplications against the density's logarithm. */
class DistanceWeightsTest {
  private static final double[] SQUARES = {
    0, 0.1, 0.25, 0.9, 1.7, 1.9, 2, 2.1, 2.8, 3.3, 3.9999, 4
  };

  private static double log(int d, double squared) {
    double square = Math.min(Math.max(squared, 0.25), 1.999 * 1.999);
    return (2 - d) / 2.0 * Math.log(square) - (d - 3) / 2.0 * Math.log(1 - square / 4);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 128, 511, 512, 4096})
  void weightsAreInverseDensities(int d) {
    for (double most : new double[] {2, 1.5}) {
      double[] weights = new DistanceWeights(0.5, most).weights(d, SQUARES.clone());
      double largest = Arrays.stream(weights).max().orElseThrow();
      double top =
          Arrays.stream(SQUARES)
              .filter(s -> s <= most * most)
              .map(s -> log(d, s))
              .max()
              .orElseThrow();
      for (int k = 0; k < SQUARES.length; k++) {
        double expected = SQUARES[k] > most * most ? 0 : Math.exp(log(d, SQUARES[k]) - top);
        assertThat(weights[k] / largest)
            .as("%d, %f", d, SQUARES[k])
            .isCloseTo(expected, within(1e-14 * (d + 10) * expected + 1e-150));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 64})
  void nothingWeighsAnythingBeyondTheCutoff(int d) {
    assertThat(new DistanceWeights(0.5, 0.2).weights(d, new double[] {1, 2, 3})).containsOnly(0);
  }
}
