package io.vicinal.influence.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.tensor.Arena;
import org.junit.jupiter.api.Test;

class ProbeTest {
  /** Rows 0, 1 of one class and 2, 3 of another, by angle in degrees; lengths do not matter. */
  private static double recallOf(double... degrees) {
    return value(degrees, true);
  }

  private static double value(double[] degrees, boolean recall) {
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      TestSet test =
          new TestSet(backend, arena.of(new float[8], 4, 2), arena.of(new long[] {0, 0, 1, 1}, 4));
      double[][] raw = new double[4][];
      for (int i = 0; i < 4; i++) {
        double angle = Math.toRadians(degrees[i]);
        raw[i] = new double[] {(1 + i) * Math.cos(angle), (1 + i) * Math.sin(angle)};
      }
      Probe probe = recall ? Probe.recall(test) : Probe.rightNeighbour(test, 1);
      assertThat(probe.rows()).containsExactly(0, 1, 2, 3);
      return probe.value().applyAsDouble(new Embedded(2, probe.rows(), raw));
    }
  }

  @Test
  void recall() {
    assertThat(recallOf(0, 10, 90, 100)).isEqualTo(1);
    assertThat(recallOf(0, 40, 50, 90)).isEqualTo(0.5);
    assertThat(recallOf(0, 90, 5, 95)).isZero();
  }

  @Test
  void rightNeighbour() {
    assertThat(value(new double[] {0, 10, 90, 100}, false)).isEqualTo(1);
    assertThat(value(new double[] {0, 40, 50, 90}, false)).isZero();
  }

  @Test
  void aQuerysMeasurement() {
    Probe probe = Probe.of(new Query("pair 2-7", new PairDistance(2, 7)));
    assertThat(probe.name()).isEqualTo("pair 2-7");
    assertThat(probe.rows()).containsExactly(2, 7);
    double[][] raw = {{1, 0}, {0, 3}};
    assertThat(probe.value().applyAsDouble(new Embedded(2, probe.rows(), raw)))
        .isCloseTo(2, within(1e-12));
  }
}
