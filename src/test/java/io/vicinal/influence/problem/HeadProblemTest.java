package io.vicinal.influence.problem;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.solve.Damping;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The basis changes coordinates, never losses or scores. */
class HeadProblemTest {
  @AutoClose private static final Backend CPU = Backend.cpu();

  @ParameterizedTest
  @CsvSource({"W, true", "W, false", "'W,b', true", "'W,b', false", "'W,b,P', true"})
  void lossesAndEmbeddingsStayWhatTheyAre(String theta, boolean bias) {
    try (Arena arena = Arena.host()) {
      HeadModel model = Toy.small().bias(bias).model(arena);
      try (HeadProblem problem =
          HeadProblem.open(
              CPU,
              model,
              ProblemOptions.defaults().with(ParameterSubset.parse(theta)).with(DType.F64))) {
        assertThat(problem.isRotated()).isTrue();
        double[] before = losses(problem, model.training().features(), model.head(), arena);
        double[] after = losses(problem, problem.features(), problem.reference(), arena);
        assertThat(after).containsExactly(before, within(1e-11));
        Tensor test = model.training().features().rows(3, 8);
        Tensor there = problem.toBasis(test, arena);
        assertThat(there.toDoubles())
            .containsExactly(problem.features().rows(3, 8).toDoubles(), within(1e-12));

        HeadTensors back = problem.toDelivered(problem.reference(), arena);
        same(back.weight(), model.head().weight());
        same(back.proxies(), model.head().proxies());
        if (bias) {
          same(back.bias(), model.head().bias());
        } else if (ParameterSubset.parse(theta).hasBias()) {
          assertThat(back.bias().toDoubles()).containsOnly(new double[] {0}, within(1e-12));
        } else {
          assertThat(back.bias()).isNull();
        }
        HeadTensors again = problem.headToBasis(back, arena);
        same(again.weight(), problem.reference().weight());
      }
    }
  }

  private static void same(Tensor a, Tensor b) {
    assertThat(a.shape()).isEqualTo(b.shape());
    assertThat(a.toDoubles()).containsExactly(b.toDoubles(), within(1e-12));
  }

  private static double[] losses(
      HeadProblem problem, Tensor features, HeadTensors head, Arena arena) {
    Tensor losses = arena.allocate(DType.F64, problem.samples());
    CPU.headGradient(
        problem.spec(),
        problem.classes(),
        features,
        Targets.of(problem.labels()),
        head,
        losses,
        new HeadTensors(null, null, null));
    return losses.toDoubles();
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void theUnitIsTheMeanEigenvalue(ParameterSubset theta) {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, theta)) {
      // tr(A_u) tr(Sigma_x) is not tr(GN) unless norms and blocks are independent: a definition,
      // checked against factors that are put together here.
      Tensor sigma =
          arena.allocate(DType.F64, problem.features().dim(1), problem.features().dim(1));
      Tensor output = arena.allocate(DType.F64, 4, 4);
      problem.delivered().curvature().factors(sigma, output);
      double[] x = problem.features().toDoubles();
      double trace = Dense.norm(x) * Dense.norm(x) / problem.samples();
      double outputTrace = 0;
      for (int a = 0; a < 4; a++) {
        outputTrace += output.at(5L * a);
      }
      assertThat(problem.meanEigenvalue())
          .isCloseTo(trace * outputTrace / (4 * sigma.dim(0)), within(1e-12));
      // In the basis both factors are diagonal.
      for (long i = 0; i < sigma.dim(0); i++) {
        for (long j = 0; j < sigma.dim(0); j++) {
          if (i != j) {
            assertThat(sigma.at(i * sigma.dim(0) + j)).isCloseTo(0, within(1e-11));
          }
        }
      }
      assertThat(output.at(1)).isCloseTo(0, within(1e-11));
    }
  }

  @Test
  void theEkfacDiagonalIsTheMatrixsOwn() {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W_B_P)) {
      for (CurvatureKind kind :
          new CurvatureKind[] {CurvatureKind.GAUSS_NEWTON, CurvatureKind.FISHER}) {
        double[][] matrix = Dense.matrix(problem.delivered(), kind, null);
        double[] diagonal = problem.delivered().ekfac(kind).diagonal().weight().toDoubles();
        for (int i = 0; i < diagonal.length; i++) {
          assertThat(diagonal[i]).isCloseTo(matrix[i][i], within(1e-11));
        }
        Tensor inverse = problem.delivered().ekfac(kind).inverse(0.5, arena).weight();
        assertThat(inverse.at(3)).isCloseTo(1 / (diagonal[3] + 0.5), within(1e-12));
      }
      EkfacDiagonal full = problem.delivered().ekfac(CurvatureKind.HESSIAN);
      double[][] hessian = Dense.matrix(problem.delivered(), CurvatureKind.HESSIAN, null);
      double[] clipped = full.diagonal().weight().toDoubles();
      for (int i = 0; i < clipped.length; i++) {
        assertThat(clipped[i]).isCloseTo(Math.max(0, hessian[i][i]), within(1e-11));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(CurvatureKind.class)
  void aDiagonalThatIsNoNumberIsRefused(CurvatureKind kind) {
    try (Arena arena = Arena.host();
        HeadProblem problem = Toy.small().open(CPU, arena, ParameterSubset.W_B_P)) {
      HeadTensors at = problem.reference();
      double[] spoilt = at.weight().toDoubles();
      spoilt[2] = Double.NaN;
      Tensor weight = arena.of(spoilt, at.weight().dim(0), at.weight().dim(1));
      try (CurvaturePoint point =
          problem.at(new HeadTensors(weight, at.bias(), at.proxies()), null)) {
        refused(() -> point.ekfac(kind), "ekfac: the diagonal of " + kind, "is NaN; check");
      }
    }
  }

  @Test
  void lossesThatAreNoCosineSoftmaxAreNotRotated() {
    try (Arena arena = Arena.host();
        HeadProblem arc = Toy.small().loss("arcface").open(CPU, arena, ParameterSubset.W_B);
        HeadProblem anchor =
            Toy.small().loss("proxy-anchor").open(CPU, arena, ParameterSubset.W_B)) {
      assertThat(arc.isRotated()).isFalse();
      assertThat(arc.meanEigenvalue()).isPositive();
      double[][] fisher = Dense.matrix(arc.delivered(), CurvatureKind.FISHER, null);
      double trace = 0;
      for (int i = 0; i < fisher.length; i++) {
        trace += fisher[i][i];
      }
      assertThat(arc.meanEigenvalue()).isCloseTo(trace / fisher.length, within(1e-9));
      refused(
          () -> arc.delivered().ekfac(CurvatureKind.HESSIAN), "arcface is not a cosine softmax");
      double[][] hessian = Dense.matrix(anchor.delivered(), CurvatureKind.HESSIAN, null);
      double sum = 0;
      for (double[] row : hessian) {
        sum += Dense.norm(row) * Dense.norm(row);
      }
      // An estimate, always the same: within three of its own errors.
      assertThat(anchor.meanEigenvalueError()).isBetween(0.001, 0.5);
      assertThat(anchor.meanEigenvalue() / Math.sqrt(sum / hessian.length))
          .isCloseTo(1, within(3 * anchor.meanEigenvalueError()));
      assertThat(arc.meanEigenvalueError()).isZero();
      assertThat(Damping.parse("10x", anchor).lambda()).isEqualTo(10 * anchor.meanEigenvalue());
      assertThat(Damping.parse("0.01", anchor).lambda()).isEqualTo(0.01);
      assertThat(Damping.parse("10x", anchor).inUnits())
          .isEqualTo("10x the quadratic mean eigenvalue");
      assertThat(Damping.parse("10x", arc).inUnits()).isEqualTo("10x the mean eigenvalue");
    }
  }

  @Test
  void whatDoesNotFitIsRefusedAtOnce() {
    try (Arena arena = Arena.host()) {
      HeadModel model = Toy.small().model(arena);
      refused(() -> HeadProblem.open(CPU, model, ProblemOptions.defaults().withMemory(1000)))
          .hasMessageStartingWith("memory: rotating the features needs")
          .hasMessageContaining("allow more");
      double[] x = model.training().features().toDoubles();
      x[3 * 9 + 2] = Double.NaN;
      model.training().features().set(x);
      refused(() -> HeadProblem.open(CPU, model, ProblemOptions.defaults()), "features[3, 2]");
    }
  }
}
