package io.vicinal.influence.solve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.Targets;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.Objective;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.Toy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Minima of the proximal objective. */
class ReconvergenceTest {
  @AutoClose private static final Backend CPU = Backend.cpu();
  private static final ReconvergenceOptions FINE =
      ReconvergenceOptions.defaults().withTolerance(1e-8);

  @ParameterizedTest
  @CsvSource({
    "proxy-nca-pp, W, 1x",
    "proxy-nca-pp, 'W,b', 0.1x",
    "proxy-nca-pp, 'W,b,P', 1x",
    "normalized-softmax, W, 1x",
    "cosface, 'W,b', 1x",
    "arcface, 'W,b', 1x",
    "soft-triple, 'W,b,P', 10x",
    "proxy-anchor, W, 0.05"
  })
  void endsAtAMinimum(String loss, String theta, String damping) {
    try (Arena arena = Arena.host();
        HeadProblem problem =
            Toy.small().loss(loss).open(CPU, arena, ParameterSubset.parse(theta))) {
      double lambda = Damping.parse(damping, problem).lambda();
      SolveOutcome converged = Reconvergence.run(problem, lambda, null, null, FINE, arena);
      assertThat(converged.status()).isEqualTo(SolveOutcome.Status.CONVERGED);
      assertThat(converged.products()).isPositive();
      assertThat(gradient(problem, lambda, converged, null, arena))
          .isCloseTo(converged.gradientNorm(), within(1e-12))
          .isLessThanOrEqualTo(1e-8 * problem.referenceGradient());
      try (CurvaturePoint point = problem.at(converged.head(), null)) {
        double lowest = Dense.eigenvalues(CPU, Dense.matrix(point, CurvatureKind.HESSIAN, null))[0];
        assertThat(lowest + lambda).isPositive();
      }
      Objective objective = problem.objective(lambda, null);
      double before =
          objective.evaluate(problem.reference(), problem.space().zeros(arena, 1)).objective();
      assertThat(converged.objective()).isLessThan(before);
    }
  }

  /** |grad L + lambda (theta - theta_ref)|, put together anew. */
  private static double gradient(
      HeadProblem problem, double lambda, SolveOutcome at, Targets targets, Arena arena) {
    try (CurvaturePoint point = problem.at(at.head(), targets)) {
      Directions gradient = point.space().zeros(arena, 1);
      point.loss().gradient(point.at(), gradient);
      double[] g = Dense.get(gradient)[0];
      double[] here = Dense.get(problem.space().vector(at.head()))[0];
      double[] reference = Dense.get(problem.space().vector(problem.reference()))[0];
      for (int i = 0; i < g.length; i++) {
        g[i] += lambda * (here[i] - reference[i]);
      }
      return Dense.norm(g);
    }
  }

  @Test
  void ekfacNeedsFewerProducts() {
    try (Arena arena = Arena.host();
        HeadProblem problem =
            Toy.small().size(600, 160, 24, 20).open(CPU, arena, ParameterSubset.W)) {
      double lambda = Damping.parse("0.3x", problem).lambda();
      SolveOutcome with = Reconvergence.run(problem, lambda, null, null, FINE, arena);
      SolveOutcome without = Reconvergence.run(problem, lambda, null, null, FINE.plain(), arena);
      assertThat(with.products()).isLessThan((long) (0.8 * without.products()));
      assertThat(with.objective()).isCloseTo(without.objective(), within(1e-9));
    }
  }

  @Test
  void otherLabelsAndWeightsStartWarm() {
    try (Arena arena = Arena.host();
        HeadProblem problem =
            Toy.small().size(200, 12, 6, 5).open(CPU, arena, ParameterSubset.W_B)) {
      double lambda = Damping.parse("1x", problem).lambda();
      SolveOutcome first = Reconvergence.run(problem, lambda, null, null, FINE, arena);
      double[] weights = new double[200];
      java.util.Arrays.fill(weights, 1);
      weights[17] = 0;
      long[] labels = problem.labels().toLongs();
      labels[3] = (labels[3] + 1) % 5;
      Targets edited = new Targets(arena.of(labels, 200), arena.of(weights, 200), null);
      SolveOutcome warm = Reconvergence.run(problem, lambda, edited, first.head(), FINE, arena);
      SolveOutcome cold = Reconvergence.run(problem, lambda, edited, null, FINE, arena);
      assertThat(warm.converged() && cold.converged()).isTrue();
      assertThat(gradient(problem, lambda, warm, edited, arena))
          .isLessThanOrEqualTo(1e-8 * problem.referenceGradient());
      assertThat(warm.products()).isLessThan(cold.products());
      assertThat(warm.objective()).isCloseTo(cold.objective(), within(1e-9));
      assertThat(warm.objective()).isNotCloseTo(first.objective(), within(1e-6));
    }
  }

  @Test
  void singlePrecisionReachesItsTolerance() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().dtype(DType.F32).open(CPU, arena, ParameterSubset.W)) {
      double lambda = Damping.parse("1x", problem).lambda();
      SolveOutcome converged =
          Reconvergence.run(problem, lambda, null, null, ReconvergenceOptions.defaults(), arena);
      assertThat(converged.converged()).isTrue();
      SolveOutcome further =
          Reconvergence.run(
              problem,
              lambda,
              null,
              converged.head(),
              ReconvergenceOptions.defaults().withTolerance(1e-12),
              arena);
      assertThat(further.status()).isEqualTo(SolveOutcome.Status.ROUNDING);
      assertThat(further.relativeGradient()).isLessThan(1e-4);
    }
  }

  @Test
  void stopsAtTheLimitOfProducts() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      double lambda = Damping.parse("0.1x", problem).lambda();
      SolveOutcome stopped =
          Reconvergence.run(problem, lambda, null, null, FINE.withMaxProducts(5), arena);
      assertThat(stopped.status()).isEqualTo(SolveOutcome.Status.OUT_OF_BUDGET);
      assertThat(stopped.products()).isBetween(1L, 6L);
    }
  }

  @Test
  void aZeroGradientStaysWhereItIs() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      double lambda = Damping.parse("1x", problem).lambda();
      SolveOutcome first = Reconvergence.run(problem, lambda, null, null, FINE, arena);
      SolveOutcome again = Reconvergence.run(problem, lambda, null, first.head(), FINE, arena);
      assertThat(again.products()).isZero();
      Directions here = problem.space().vector(again.head());
      assertThat(Dense.get(here)[0]).isEqualTo(Dense.get(problem.space().vector(first.head()))[0]);
    }
  }
}
