package io.vicinal.influence.verify;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BrittlenessTest {
  /** 100 samples of effect 0.01 each, and as many of -0.01. */
  private static final double[] EFFECTS = new double[200];

  static {
    Arrays.setAll(EFFECTS, i -> i % 2 == 0 ? 0.01 : -0.01);
  }

  private final FakeModel model = new FakeModel(new double[][] {EFFECTS}, 0);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 37, 64, 99, 100})
  void fewestRemovals(int needed) {
    Brittleness found =
        Brittleness.search(
            0, EFFECTS, 100, model::resolve, Brittleness.above(0, 1 + 0.01 * (needed - 0.5)));
    assertThat(found.fewest()).isEqualTo(needed);
    assertThat(model.resolved).isEqualTo(found.points().size()).isLessThanOrEqualTo(15);
    for (Brittleness.Point point : found.points()) {
      assertThat(point.reached()).isEqualTo(point.removed() >= needed);
      assertThat(point.actual()).isCloseTo(0.01 * point.removed(), within(1e-12));
      assertThat(point.predicted()).isCloseTo(point.actual(), within(1e-12));
    }
  }

  @Test
  void outOfReach() {
    Brittleness none =
        Brittleness.search(0, EFFECTS, 50, model::resolve, Brittleness.above(0, 1.6));
    assertThat(none.fewest()).isEqualTo(-1);
    assertThat(none.points().get(none.points().size() - 1).removed()).isEqualTo(50);
  }

  @Test
  void samplesThatHelpAreNotRemoved() {
    double[] helpful = {-1, -2, 0};
    Brittleness none = Brittleness.search(0, helpful, 50, model::resolve, Brittleness.above(0, 0));
    assertThat(none.fewest()).isEqualTo(-1);
    assertThat(none.points()).isEmpty();
    assertThat(Brittleness.helpfulToRemove(new double[] {0, 1, -1, 3, 1, Double.NaN}))
        .containsExactly(3, 1, 4);
  }

  @Test
  void level() {
    refused(() -> Brittleness.above(0, Double.NaN));
  }
}
