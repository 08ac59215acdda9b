package io.vicinal.influence.solve;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.influence.problem.DampingUnit;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.Toy;
import io.vicinal.tensor.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DampingTest {
  @Test
  void readsMultiplesAndNumbers() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(cpu, arena, ParameterSubset.W)) {
      double unit = problem.meanEigenvalue();
      Damping automatic = Damping.parse("auto", problem);
      assertThat(automatic.lambda()).isEqualTo(unit);
      assertThat(automatic.automatic()).isTrue();
      Damping relative = Damping.parse(" 2.5X", problem);
      assertThat(relative.lambda()).isCloseTo(2.5 * unit, within(1e-15));
      assertThat(relative.multiple()).isEqualTo(2.5);
      assertThat(relative.automatic()).isFalse();
      Damping absolute = Damping.parse("1e-2", problem);
      assertThat(absolute.lambda()).isEqualTo(0.01);
      assertThat(absolute.multiple()).isCloseTo(0.01 / unit, within(1e-12));
      assertThat(relative.times(40).isWithinSpectrum()).isTrue();
      assertThat(relative.times(41).isWithinSpectrum()).isFalse();
      assertThat(relative.times(2).multiple()).isEqualTo(5);
      assertThat(relative.toString()).matches("lambda .* \\(2.5x the mean eigenvalue\\)");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "0", "-1", "0x", "nan", "-infinity", "1y", "autox", "1e400", "1e400x"})
  void refusesTheRest(String text) {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(cpu, arena, ParameterSubset.W)) {
      refused(() -> Damping.parse(text, problem))
          .hasMessageStartingWith("damping: '" + text + "'")
          .hasMessageContaining(text.startsWith("1e400") ? "is too large" : "is not ")
          .hasMessageContaining("write 10x or 0.01");
    }
  }

  @Test
  void automaticDampingStopsAtTheCapAndSaysWhatToDo() {
    List<Double> tried = new ArrayList<>();
    assertThatThrownBy(
            () -> new Damping(0.2, 1, DampingUnit.MEAN, true).settle(d -> refuse(tried, d, 1e6)))
        .isInstanceOf(NegativeCurvatureException.class)
        .hasMessageStartingWith("damping: auto stops at 27x the mean eigenvalue")
        .hasMessageContaining("which makes effects small")
        .hasMessageNotContaining("float64") // asked already
        .hasMessageContaining("if-gn");
    assertThat(tried).containsExactly(1.0, 27.0);
    tried.clear();
    assertThatThrownBy(
            () -> new Damping(0.2, 1, DampingUnit.MEAN, true).settle(d -> refuse(tried, d, 0.01)))
        .hasMessageStartingWith("damping: auto stops at 27x");
    assertThat(tried).containsExactly(1.0, 3.0, 9.0, Damping.CAP);
    tried.clear();
    assertThatThrownBy(
            () -> new Damping(20, 100, DampingUnit.MEAN, true).settle(d -> refuse(tried, d, 0.01)))
        .hasMessageStartingWith("damping: auto stops at 100x");
    assertThatThrownBy(
            () -> new Damping(0.2, 1, DampingUnit.MEAN, false).settle(d -> refuse(tried, d, 0.01)))
        .hasMessageContaining("or more, or auto");
  }

  private static Object refuse(List<Double> tried, Damping damping, double works) {
    tried.add(damping.multiple());
    throw new NegativeCurvatureException(damping.lambda(), -1, works);
  }

  @Test
  void thetaHasThreeNames() {
    assertThat(ParameterSubset.parse("W, b")).isEqualTo(ParameterSubset.W_B);
    assertThat(ParameterSubset.parse("W,b,P")).isEqualTo(ParameterSubset.W_B_P);
    refused(() -> ParameterSubset.parse("P"), "choose W, W,b or W,b,P");
  }
}
