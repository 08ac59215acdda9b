package io.vicinal.influence.solve;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.backend.WeightChanges;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.DampingUnit;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.Toy;
import io.vicinal.influence.solve.SolveReport.Status;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Conjugate gradients against matrices that are written out and eliminated. */
class ConjugateGradientTest {
  @AutoClose private static final Backend CPU = Backend.cpu();
  private static final SolveOptions TIGHT = SolveOptions.defaults().withTolerance(1e-10);

  /** A definite matrix of every kind: the Hessian is taken at the re-converged point. */
  private static CurvaturePoint definite(
      HeadProblem problem, CurvatureKind kind, double lambda, Arena arena) {
    if (kind != CurvatureKind.HESSIAN) {
      return problem.at(problem.reference(), null);
    }
    SolveOutcome converged =
        Reconvergence.run(
            problem,
            lambda,
            null,
            null,
            ReconvergenceOptions.defaults().withTolerance(1e-8),
            arena);
    assertThat(converged.converged()).isTrue();
    return problem.at(converged.head(), null);
  }

  @ParameterizedTest
  @CsvSource({
    "W, HESSIAN, 0.1x",
    "W, HESSIAN, 1x",
    "W, HESSIAN, 100x",
    "W, HESSIAN, auto",
    "W, HESSIAN, 0.05",
    "W, GAUSS_NEWTON, 0.1x",
    "W, GAUSS_NEWTON, 10x",
    "W, FISHER, 0.1x",
    "W, FISHER, 10x",
    "'W,b', HESSIAN, 0.1x",
    "'W,b', GAUSS_NEWTON, 1x",
    "'W,b', FISHER, 1x",
    "'W,b,P', HESSIAN, 0.1x",
    "'W,b,P', HESSIAN, 10x",
    "'W,b,P', GAUSS_NEWTON, 1x",
    "'W,b,P', FISHER, 1x"
  })
  void agreesWithTheDenseInverse(String theta, CurvatureKind kind, String damping) {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.parse(theta))) {
      double lambda = Damping.parse(damping, problem).lambda();
      try (CurvaturePoint point = definite(problem, kind, lambda, arena)) {
        double[][] matrix = Dense.matrix(point, kind, null);
        Directions b = Toy.rhs(problem, 3, arena);
        for (SolveOptions options : List.of(TIGHT, TIGHT.plain(), TIGHT.withBlock(2))) {
          Solution solution = ConjugateGradient.solve(point, kind, lambda, b, null, options, arena);
          double[][] x = Dense.get(solution.x());
          double[][] rhs = Dense.get(b);
          for (int q = 0; q < 3; q++) {
            SolveReport report = solution.reports().get(q);
            assertThat(report.status()).as(options.toString()).isEqualTo(Status.CONVERGED);
            assertThat(Dense.distance(x[q], Dense.solve(matrix, lambda, rhs[q]))).isLessThan(1e-6);
            double residual = Dense.residual(matrix, lambda, x[q], rhs[q]);
            assertThat(report.trueResidual() / residual).isBetween(0.5, 2.0);
          }
        }
      }
    }
  }

  @Test
  void aLargerProblemAgreesWithTheDenseInverse() {
    try (Arena arena = Arena.host();
        HeadProblem problem =
            Toy.small().size(300, 48, 20, 12).open(CPU, arena, ParameterSubset.W_B)) {
      double lambda = Damping.parse("1x", problem).lambda();
      try (CurvaturePoint point = definite(problem, CurvatureKind.HESSIAN, lambda, arena)) {
        double[][] matrix = Dense.matrix(point, CurvatureKind.HESSIAN, null);
        Directions b = Toy.rhs(problem, 1, arena);
        Solution solution =
            ConjugateGradient.solve(point, CurvatureKind.HESSIAN, lambda, b, null, TIGHT, arena);
        assertThat(problem.space().dimension()).isEqualTo(980);
        assertThat(
                Dense.distance(
                    Dense.get(solution.x())[0], Dense.solve(matrix, lambda, Dense.get(b)[0])))
            .isLessThan(1e-6);
      }
    }
  }

  @Test
  void rightHandSidesDoNotDisturbEachOther() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W_B_P)) {
      double lambda = Damping.parse("1x", problem).lambda();
      Directions b = Toy.rhs(problem, 7, arena);
      double[][] rhs = Dense.get(b);
      for (int k = 0; k < rhs[2].length; k++) {
        rhs[2][k] = 0;
        rhs[5][k] *= 1e-6;
        rhs[4][k] = k == 3 ? 1 : 0;
      }
      Dense.set(b, rhs);
      CurvaturePoint point = problem.delivered();
      Solution together = solve(problem, lambda, b, TIGHT, arena);
      double[][] x = Dense.get(together.x());
      long products = 0;
      for (int q = 0; q < 7; q++) {
        Solution alone = solve(problem, lambda, ParameterSpace.rows(b, q, q + 1), TIGHT, arena);
        if (q == 2) {
          assertThat(x[q]).containsOnly(0);
          assertThat(together.reports().get(q).status()).isEqualTo(Status.ZERO);
          assertThat(together.reports().get(q).products()).isZero();
        } else {
          assertThat(Dense.distance(x[q], Dense.get(alone.x())[0])).isLessThan(1e-8);
          assertThat(together.reports().get(q).products())
              .isCloseTo(alone.reports().get(0).products(), within(2L));
        }
        products += together.reports().get(q).products();
      }
      assertThat(together.products()).isEqualTo(products);
    }
  }

  @Test
  void everyRightHandSideHasItsOwnSampleWeights() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      double lambda = Damping.parse("10x", problem).lambda();
      CurvaturePoint point = problem.delivered();
      Directions b = Toy.rhs(problem, 4, arena);
      // Nothing, one sample removed, three changed, one removed and one doubled.
      WeightChanges changes =
          new WeightChanges(
              new long[] {0, 0, 1, 4, 6},
              new long[] {3, 0, 1, 2, 59, 7},
              new double[] {-1, -1, -0.5, 2, -1, 1});
      Solution solution =
          ConjugateGradient.solve(
              point, CurvatureKind.GAUSS_NEWTON, lambda, b, changes, TIGHT.withBlock(3), arena);
      for (int q = 0; q < 4; q++) {
        int from = (int) changes.offsets()[q];
        int to = (int) changes.offsets()[q + 1];
        WeightChanges own =
            new WeightChanges(
                new long[] {0, to - from},
                java.util.Arrays.copyOfRange(changes.ids(), from, to),
                java.util.Arrays.copyOfRange(changes.deltas(), from, to));
        double[][] matrix = Dense.matrix(point, CurvatureKind.GAUSS_NEWTON, own);
        assertThat(
                Dense.distance(
                    Dense.get(solution.x())[q], Dense.solve(matrix, lambda, Dense.get(b)[q])))
            .isLessThan(1e-6);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void singlePrecisionReportsItsTrueResidual(ParameterSubset theta) {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().dtype(DType.F32).open(CPU, arena, theta)) {
      double lambda = Damping.parse("1x", problem).lambda();
      CurvaturePoint point = problem.delivered();
      double[][] matrix = Dense.matrix(point.twin(), CurvatureKind.GAUSS_NEWTON, null);
      Directions b = Toy.rhs(problem, 3, arena);
      Solution solution =
          solve(problem, lambda, b, SolveOptions.defaults().withTolerance(1e-4), arena);
      for (int q = 0; q < 3; q++) {
        double residual =
            Dense.residual(matrix, lambda, Dense.get(solution.x())[q], Dense.get(b)[q]);
        assertThat(solution.reports().get(q).converged()).isTrue();
        assertThat(solution.reports().get(q).trueResidual() / residual).isBetween(0.5, 2.0);
      }
    }
  }

  @Test
  void doublePrecisionReachesResidualsThatSingleDoesNot() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().dtype(DType.F32).open(CPU, arena, ParameterSubset.W_B)) {
      double lambda = Damping.parse("1x", problem).lambda();
      CurvaturePoint point = problem.delivered();
      Directions b = Toy.rhs(problem, 3, arena);
      SolveOptions fine = SolveOptions.defaults().withTolerance(1e-8);
      Solution single = solve(problem, lambda, b, fine, arena);
      assertThat(single.reports()).allMatch(r -> r.status() == Status.STALLED);
      assertThat(single.worstResidual()).isBetween(1e-8, 1e-4);
      double[][] matrix = Dense.matrix(point.twin(), CurvatureKind.GAUSS_NEWTON, null);
      Solution solution = solve(problem, lambda, b, fine.with(Precision.DOUBLE), arena);
      assertThat(solution.converged()).isTrue();
      for (int q = 0; q < 3; q++) {
        double residual =
            Dense.residual(matrix, lambda, Dense.get(solution.x())[q], Dense.get(b)[q]);
        assertThat(residual).isLessThan(1.01e-8);
        assertThat(solution.reports().get(q).trueResidual() / residual).isBetween(0.5, 2.0);
      }
    }
  }

  @Test
  void negativeCurvatureIsFoundAndTheSuggestedDampingWorks() {
    for (DType dtype : List.of(DType.F64, DType.F32)) {
      for (ParameterSubset theta : ParameterSubset.values()) {
        try (Arena arena = Arena.host();
            HeadProblem problem = Toy.small().dtype(dtype).open(CPU, arena, theta)) {
          CurvaturePoint point = problem.delivered();
          double[] spectrum =
              Dense.eigenvalues(CPU, Dense.matrix(point.twin(), CurvatureKind.HESSIAN, null));
          assertThat(spectrum[0]).isNegative();
          double lambda = -0.2 * spectrum[0];
          Directions b = Toy.rhs(problem, 3, arena);
          for (SolveOptions options :
              List.of(SolveOptions.defaults(), SolveOptions.defaults().plain())) {
            Solution solution =
                ConjugateGradient.solve(
                    point,
                    CurvatureKind.HESSIAN,
                    lambda,
                    b,
                    null,
                    options.withTolerance(1e-6),
                    arena);
            List<SolveReport> met = new ArrayList<>(solution.reports());
            met.removeIf(r -> r.status() != Status.NEGATIVE_CURVATURE);
            assertThat(met).isNotEmpty();
            assertThat(met).allMatch(r -> r.curvature() <= 0);
            assertThat(met)
                .allMatch(r -> r.curvature() >= (spectrum[0] + lambda) * 1.001, "above the lowest");
            double works = met.get(0).dampingThatWorks();
            assertThat(spectrum[0] + works).isPositive();
            assertThat(works).isLessThan(-2 * spectrum[0]);
            assertThatThrownBy(solution::requireDefinite)
                .isInstanceOf(NegativeCurvatureException.class)
                .hasMessageMatching("damping: lambda .* indefinite .* give .* or more, or auto");
            Solution after =
                ConjugateGradient.solve(
                    point, CurvatureKind.HESSIAN, works, b, null, options, arena);
            assertThat(after.requireDefinite().converged()).isTrue();
          }
        }
      }
    }
  }

  @Test
  void automaticDampingIsRaisedUntilItSuffices() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      Directions b = Toy.rhs(problem, 3, arena);
      Damping start = new Damping(problem.meanEigenvalue() * 1e-3, 1e-3, DampingUnit.MEAN, true);
      Solution solution =
          start.settle(
              damping ->
                  ConjugateGradient.solve(
                          problem.delivered(),
                          CurvatureKind.HESSIAN,
                          damping.lambda(),
                          b,
                          null,
                          TIGHT,
                          arena)
                      .requireDefinite());
      assertThat(solution.lambda()).isGreaterThan(start.lambda());
      Damping fixed = new Damping(start.lambda(), 1e-3, DampingUnit.MEAN, false);
      assertThatThrownBy(
              () ->
                  fixed.settle(
                      damping ->
                          ConjugateGradient.solve(
                                  problem.delivered(),
                                  CurvatureKind.HESSIAN,
                                  damping.lambda(),
                                  b,
                                  null,
                                  TIGHT,
                                  arena)
                              .requireDefinite()))
          .isInstanceOf(NegativeCurvatureException.class);
    }
  }

  @Test
  void ekfacHalvesTheProducts() {
    try (Arena arena = Arena.host();
        HeadProblem problem =
            Toy.small()
                .size(600, 400, 32, 10)
                .dtype(DType.F32)
                .open(CPU, arena, ParameterSubset.W)) {
      Directions b = Toy.questions(problem, 4, arena);
      for (String damping : List.of("0.3x", "1x")) {
        double lambda = Damping.parse(damping, problem).lambda();
        SolveOptions options = SolveOptions.defaults();
        Solution with = solve(problem, lambda, b, options, arena);
        Solution without = solve(problem, lambda, b, options.plain(), arena);
        assertThat(with.converged() && without.converged()).isTrue();
        assertThat(2 * with.products()).isLessThanOrEqualTo(without.products());
      }
    }
  }

  private static Solution solve(
      HeadProblem problem, double lambda, Directions b, SolveOptions options, Arena arena) {
    return ConjugateGradient.solve(
        problem.delivered(), CurvatureKind.GAUSS_NEWTON, lambda, b, null, options, arena);
  }

  @Test
  void stopsAtTheLimitOfProducts() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      double lambda = Damping.parse("0.01x", problem).lambda();
      Directions b = Toy.rhs(problem, 2, arena);
      Solution solution = solve(problem, lambda, b, TIGHT.plain().withMaxProducts(6), arena);
      assertThat(solution.reports()).allMatch(r -> r.status() == Status.OUT_OF_PRODUCTS);
      assertThat(solution.reports()).allMatch(r -> r.products() <= 6);
      double[][] matrix = Dense.matrix(problem.delivered(), CurvatureKind.GAUSS_NEWTON, null);
      double residual = Dense.residual(matrix, lambda, Dense.get(solution.x())[1], Dense.get(b)[1]);
      assertThat(solution.reports().get(1).trueResidual()).isCloseTo(residual, within(1e-9));
    }
  }

  @Test
  void refusesWhatHasNoMeaning() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      Directions b = Toy.rhs(problem, 2, arena);
      refused(() -> solve(problem, 0, b, TIGHT, arena), "lambda is 0.0; give a number above 0");
      double[][] broken = Dense.get(b);
      broken[1][2] = Double.NaN;
      Dense.set(b, broken);
      refused(() -> solve(problem, 1, b, TIGHT, arena), "right-hand side 1 is NaN");
    }
  }

  @Test
  void anInterruptStopsIt() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W)) {
      Directions b = Toy.rhs(problem, 2, arena);
      SolveOptions options =
          TIGHT.with(
              (stage, done, total, products, residual) -> Thread.currentThread().interrupt());
      assertThatThrownBy(() -> solve(problem, 1e-9, b, options, arena))
          .isInstanceOf(CancelledException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
