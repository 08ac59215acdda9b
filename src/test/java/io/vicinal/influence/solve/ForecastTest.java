package io.vicinal.influence.solve;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.problem.Toy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The products that are forecast come about, within a factor of three. */
class ForecastTest {
  @Test
  void productsAreWithinAFactorOfThree() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem =
            Toy.small()
                .size(3000, 200, 48, 20)
                .dtype(DType.F32)
                .open(cpu, arena, ParameterSubset.W)) {
      Directions b = Toy.questions(problem, 8, arena);
      double lambda = Damping.parse("10x", problem).lambda();
      for (SolveOptions options :
          List.of(SolveOptions.defaults(), SolveOptions.defaults().plain())) {
        Forecast forecast =
            Forecast.of(problem.delivered(), CurvatureKind.GAUSS_NEWTON, lambda, b, 8, options);
        Solution solution = solve(problem, lambda, b, options, arena);
        assertThat(forecast.productsEach() * 8.0 / solution.products()).isBetween(1 / 3.0, 3.0);
        assertThat(forecast.atMost()).isFalse();
        assertThat(forecast.secondsPerProduct()).isPositive();
      }
    }
  }

  /**
   * A first product that is short is mostly set-up, and made again, several times if it is very
   * short: one that was held up says nothing. A long one is not.
   */
  @Test
  void timeIsThatOfAProductAtAllProducts() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(cpu, arena, ParameterSubset.W)) {
      assertThat(timed(problem, arena, 0.15, 0.05)).isEqualTo(0.05);
      assertThat(timed(problem, arena, 0.15, 0.19)).isEqualTo(0.15);
      assertThat(timed(problem, arena, 0.5, 0.05)).isEqualTo(0.5);
      assertThat(timed(problem, arena, 0.02, 0.02, 0.0004, 0.02, 0.0001)).isEqualTo(0.0004);
    }
  }

  /** Seconds of a product where the products take so long. */
  private static double timed(HeadProblem problem, Arena arena, double... seconds) {
    long[] now = {0};
    int[] reads = {0};
    Forecast forecast =
        Forecast.of(
            problem.delivered(),
            CurvatureKind.GAUSS_NEWTON,
            1,
            Toy.rhs(problem, 1, arena),
            8,
            SolveOptions.defaults(),
            () -> {
              int read = reads[0]++;
              now[0] += read % 2 == 0 ? 0 : Math.round(1e9 * seconds[read / 2]);
              return now[0];
            });
    assertThat(forecast.seconds())
        .isEqualTo(forecast.secondsPerProduct() * forecast.productsEach() * 8);
    return Math.round(1e6 * forecast.secondsPerProduct()) / 1e6;
  }

  private static Solution solve(
      HeadProblem problem, double lambda, Directions b, SolveOptions options, Arena arena) {
    return ConjugateGradient.solve(
        problem.delivered(), CurvatureKind.GAUSS_NEWTON, lambda, b, null, options, arena);
  }

  @Test
  void withoutEkfacTheFirstStepsTell() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem = Toy.small().loss("arcface").open(cpu, arena, ParameterSubset.W)) {
      Forecast forecast =
          Forecast.of(
              problem.delivered(),
              CurvatureKind.HESSIAN,
              100,
              Toy.rhs(problem, 1, arena),
              5,
              SolveOptions.defaults().withMaxProducts(77));
      assertThat(forecast.productsEach()).isLessThan(77);
      assertThat(forecast.toString()).startsWith("about").contains("5 right-hand sides");
    }
  }

  /** Right-hand sides as explanations have them, at points where the matrix is definite. */
  @Test
  void itHoldsForLossesWithoutEkfac() {
    for (String loss : List.of("proxy-anchor", "arcface")) {
      try (Backend cpu = Backend.cpu();
          Arena arena = Arena.host();
          HeadProblem problem =
              Toy.small()
                  .loss(loss)
                  .size(600, 60, 16, 8)
                  .dtype(DType.F32)
                  .open(cpu, arena, ParameterSubset.W)) {
        Directions b = Toy.questions(problem, 8, arena);
        SolveOptions options = SolveOptions.defaults();
        double lambda = Damping.parse("30x", problem).lambda();
        Forecast forecast =
            Forecast.of(problem.delivered(), CurvatureKind.HESSIAN, lambda, b, 8, options);
        Solution solution =
            ConjugateGradient.solve(
                problem.delivered(), CurvatureKind.HESSIAN, lambda, b, null, options, arena);
        assertThat(solution.requireDefinite().converged()).isTrue();
        assertThat(forecast.atMost()).isFalse();
        assertThat(forecast.productsEach() * 8.0 / solution.products())
            .as(loss)
            .isBetween(1 / 3.0, 3.0);
      }
    }
  }

  @Test
  void whereTheFirstStepsMeetNegativeCurvatureItNamesTheLimit() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem = Toy.small().loss("arcface").open(cpu, arena, ParameterSubset.W)) {
      Forecast forecast =
          Forecast.of(
              problem.delivered(),
              CurvatureKind.HESSIAN,
              1e-9,
              Toy.rhs(problem, 1, arena),
              5,
              SolveOptions.defaults().withMaxProducts(77));
      assertThat(forecast.productsEach()).isEqualTo(77);
      assertThat(forecast.toString()).startsWith("at most").contains("5 right-hand sides");
    }
  }

  @Test
  void memoryThatDoesNotFitIsRefusedInOneLine() {
    try (Backend cpu = Backend.cpu();
        Arena arena = Arena.host();
        HeadProblem problem =
            HeadProblem.open(
                cpu,
                Toy.small().model(arena),
                ProblemOptions.defaults().with(DType.F64).withMemory(40_000))) {
      Forecast forecast =
          Forecast.of(
              problem.delivered(),
              CurvatureKind.GAUSS_NEWTON,
              1,
              Toy.rhs(problem, 1, arena),
              5000,
              SolveOptions.defaults());
      refused(forecast::requireMemory)
          .hasMessageMatching(
              "memory: solving 5000 systems needs .* of 0.0 MiB; allow more, or ask fewer queries"
                  + " at once");
    }
  }
}
