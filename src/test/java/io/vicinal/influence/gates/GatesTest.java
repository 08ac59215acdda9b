package io.vicinal.influence.gates;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.gates.GateResult;
import io.vicinal.gates.Gates;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Estimators against retraining, with what must fail beside what must not. The toy meets every
 * threshold; what digits miss is held to what was measured, with room for another machine's
 * rounding.
 */
class GatesTest {
  @Test
  void toy() {
    assertThat(run("toy")).filteredOn(result -> !result.pass()).isEmpty();
  }

  /**
   * Three misses. At 0.1x one Newton step is 13 % off in size, not 10: a tenth of the mean
   * eigenvalue lets the head move so far that its curvature changes on the way. Restored labels
   * bring back 64 % of the cost, not 80: the proxies stay as the wrong labels left them. And at 1x
   * {@code if-seed} correlates with 0.62, above the 0.5 of a control that fails: with 64 features
   * its damping of 5 is far fewer mean eigenvalues than on the toy, so that it sees some of the
   * curvature.
   */
  @Test
  void digits() {
    Map<String, Double> most =
        Map.of(
            "digits 0.1x leave-one-out size error, newton-loo", 0.18,
            "digits 1x leave-one-out Spearman, if-seed", 0.70);
    Map<String, Double> least =
        Map.of("digits 0.1x share of the noise's cost that comes back", 0.5);
    assertThat(run("digits"))
        .filteredOn(result -> !result.pass())
        .allSatisfy(
            result -> {
              String name = result.scene() + " " + result.what();
              assertThat(least.containsKey(name) || most.containsKey(name)).as(name).isTrue();
              assertThat(result.measured())
                  .as(name)
                  .isGreaterThan(least.getOrDefault(name, Double.NEGATIVE_INFINITY))
                  .isLessThan(most.getOrDefault(name, Double.POSITIVE_INFINITY));
            });
  }

  private static List<GateResult> run(String scene) {
    try (Backend backend = Backend.cpu()) {
      List<GateResult> all = Gates.run(backend, scene, 1, result -> {});
      assertThat(all).filteredOn(GateResult::judged).hasSizeGreaterThanOrEqualTo(17);
      return all;
    }
  }
}
