package io.vicinal.report;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.data.DigitRows;
import io.vicinal.sample.Xoshiro;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProjectionsTest {
  private static final double[][] DIGITS = DigitRows.first(700).rows();

  private static double[][] places(Section.Projection p) {
    return IntStream.range(0, p.x().length)
        .mapToObj(i -> new double[] {p.x()[i], p.y()[i]})
        .toArray(double[][]::new);
  }

  @Test
  void umapOfDigitsIsTrustworthyAndDecidedByItsSeed() {
    Section.Projection map = Projections.umap(DIGITS, 7);
    double trust = Projections.trustworthiness(DIGITS, places(map), Projections.TRUST);
    assertThat(trust).isGreaterThan(0.95);
    assertThat(map.note()).isEqualTo(String.format("trustworthiness %.2f", trust));
    assertThat(places(Projections.umap(DIGITS, 7))).isDeepEqualTo(places(map));
    assertThat(places(Projections.umap(DIGITS, 8))).isNotEqualTo(places(map));
  }

  @Test
  void pcaOfDigitsIsTrustworthyAndRepeatable() {
    try (Backend backend = Backend.cpu()) {
      Section.Projection map = Projections.pca(backend, DIGITS);
      assertThat(Projections.trustworthiness(DIGITS, places(map), Projections.TRUST))
          .isGreaterThan(0.8);
      assertThat(places(Projections.pca(backend, DIGITS))).isDeepEqualTo(places(map));
      assertThat(Projections.all(backend, DIGITS, 7))
          .extracting(Section.Projection::name)
          .containsExactly("UMAP", "PCA");
    }
  }

  @Test
  void pcaFindsThePlaneThatTheRowsLieIn() {
    Xoshiro random = new Xoshiro(3);
    double[][] rows = new double[60][5];
    double[][] truth = new double[60][2];
    for (int i = 0; i < 60; i++) {
      truth[i] = new double[] {3 * random.nextGaussian(), random.nextGaussian()};
      // two orthonormal directions of five, far from the origin
      rows[i] = new double[] {9 + 0.6 * truth[i][0], 0.8 * truth[i][0], truth[i][1], 4, -7};
    }
    try (Backend backend = Backend.cpu()) {
      Section.Projection map = Projections.pca(backend, rows);
      assertThat(map.note()).startsWith("100 % of the variance");
      assertThat(Projections.trustworthiness(truth, places(map), 5)).isEqualTo(1, within(1e-12));
      double first = IntStream.range(0, 60).mapToDouble(i -> map.x()[i] * map.x()[i]).sum();
      double second = IntStream.range(0, 60).mapToDouble(i -> map.y()[i] * map.y()[i]).sum();
      assertThat(first).as("the larger variance lies on x").isGreaterThan(4 * second);
    }
  }

  @Test
  void trustworthinessOfASmallExample() {
    double[][] space = {{0}, {1}, {3}, {7}, {15}};
    assertThat(Projections.trustworthiness(space, space, 1)).isEqualTo(1);
    // in the plane 15 sits beside 0: they are each other's fourth neighbour, and rank 4 misses k=1
    // by 3; 1 is now nearest to 3, its second neighbour in the space, and misses by 1
    double[][] plane = {{0}, {2.5}, {3}, {7}, {0.1}};
    assertThat(Projections.trustworthiness(space, plane, 1))
        .isEqualTo(1 - 2.0 / (5 * 1 * (10 - 3 - 1)) * (3 + 1 + 3), within(1e-15));
  }

  @Test
  void badRows() {
    refused(() -> Projections.umap(new double[15][3], 1), "more than 15");
    double[][] nan = new double[20][3];
    nan[4][1] = Double.NaN;
    refused(() -> Projections.umap(nan, 1), "row 4");
  }
}
