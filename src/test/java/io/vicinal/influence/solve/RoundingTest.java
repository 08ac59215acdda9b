package io.vicinal.influence.solve;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.DampingUnit;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.problem.Toy;
import io.vicinal.influence.solve.SolveReport.Status;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * A sample whose embedding is nearly zero has a curvature of 1/|z|^2, so large that single
 * precision's rounding of it is larger than lambda: p'(M + lambda)p then comes out below 0 although
 * M is a Gauss-Newton matrix, which has no such direction.
 */
class RoundingTest {
  @AutoClose private static final Backend CPU = Backend.cpu();
  private static final int FEATURES = 30;
  private static final int WIDTH = 6;
  private static final int OUTLIERS = 30;

  /**
   * Lambda over the largest eigenvalue: the first at which this processor's rounding looks
   * negative.
   */
  private static final double[] SHARES = {1e-9, 1e-10, 1e-11, 1e-12};

  private static HeadProblem open(Arena arena) {
    Toy toy = new Toy(100, FEATURES, WIDTH, 5, "proxy-nca-pp", 0.1, false, DType.F32, 1);
    HeadModel model = toy.model(arena);
    double[] w = model.head().weight().toDoubles();
    for (int i = 0; i < OUTLIERS; i++) {
      model.training().features().rows(i, i + 1L).set(nearlyMappedToZero(w, i));
    }
    return HeadProblem.open(CPU, model, ProblemOptions.defaults());
  }

  /** A random vector without its part in the rows of W, but for a hundredth of one. */
  private static double[] nearlyMappedToZero(double[] w, int seed) {
    double[] v = Toy.normal(Xoshiro.of(3 + seed, "row"), FEATURES, 1);
    double[][] basis = new double[WIDTH][];
    for (int r = 0; r < WIDTH; r++) {
      basis[r] = Arrays.copyOfRange(w, r * FEATURES, (r + 1) * FEATURES);
      for (int s = 0; s < r; s++) {
        subtract(basis[r], basis[s]);
      }
      double norm = Dense.norm(basis[r]);
      for (int k = 0; k < FEATURES; k++) {
        basis[r][k] /= norm;
      }
      subtract(v, basis[r]);
    }
    for (int k = 0; k < FEATURES; k++) {
      v[k] += 0.01 * basis[seed % WIDTH][k];
    }
    return v;
  }

  private static void subtract(double[] from, double[] unit) {
    double dot = 0;
    for (int k = 0; k < unit.length; k++) {
      dot += from[k] * unit[k];
    }
    for (int k = 0; k < unit.length; k++) {
      from[k] -= dot * unit[k];
    }
  }

  @Test
  void roundingIsNotReadAsNegativeCurvature() {
    try (Arena arena = Arena.host();
        HeadProblem problem = open(arena)) {
      CurvaturePoint point = problem.delivered();
      double[] spectrum =
          Dense.eigenvalues(CPU, Dense.matrix(point.twin(), CurvatureKind.GAUSS_NEWTON, null));
      Directions b = Toy.questions(problem, 16, arena);
      SolveOptions options = SolveOptions.defaults();
      double lambda = 0;
      Solution asFound = null;
      for (int k = 0; k < SHARES.length && !looksNegative(asFound); k++) {
        lambda = SHARES[k] * spectrum[spectrum.length - 1];
        LinearSystem system = new LinearSystem(point, CurvatureKind.GAUSS_NEWTON, lambda, null);
        Preconditioner ekfac =
            Preconditioner.diagonal(
                problem.space(), point.ekfac(CurvatureKind.GAUSS_NEWTON).inverse(lambda, arena));
        asFound = ConjugateGradient.solve(system, ekfac, b, options, false, arena);
      }
      assertThat(looksNegative(asFound)).isTrue();
      assertThat(spectrum[0]).isGreaterThan(-1e-3 * lambda);

      Damping automatic =
          new Damping(lambda, lambda / problem.meanEigenvalue(), DampingUnit.MEAN, true);
      Solution solution =
          automatic.settle(
              d ->
                  ConjugateGradient.solve(
                          point, CurvatureKind.GAUSS_NEWTON, d.lambda(), b, null, options, arena)
                      .requireDefinite());
      assertThat(solution.lambda()).isEqualTo(lambda);
      for (int q = 0; q < 16; q++) {
        if (asFound.reports().get(q).status() == Status.NEGATIVE_CURVATURE) {
          assertThat(solution.reports().get(q).status()).isNotEqualTo(Status.NEGATIVE_CURVATURE);
          assertThat(solution.reports().get(q).trueResidual())
              .isLessThan(asFound.reports().get(q).trueResidual());
        }
      }
    }
  }

  private static boolean looksNegative(Solution solution) {
    return solution != null
        && solution.reports().stream().anyMatch(r -> r.status() == Status.NEGATIVE_CURVATURE);
  }

  /**
   * The damping that works is that of the matrix, not of what rounding adds or an outlier hides.
   */
  @Test
  void theAdviceIsOfTheMatrix() {
    try (Arena arena = Arena.host();
        HeadProblem problem = open(arena)) {
      CurvaturePoint point = problem.delivered();
      double[] spectrum =
          Dense.eigenvalues(CPU, Dense.matrix(point.twin(), CurvatureKind.HESSIAN, null));
      assertThat(spectrum[0]).isNegative();
      Directions b = Toy.rhs(problem, 4, arena);
      Solution solution =
          ConjugateGradient.solve(
              point,
              CurvatureKind.HESSIAN,
              -0.1 * spectrum[0],
              b,
              null,
              SolveOptions.defaults(),
              arena);
      double works = solution.reports().get(0).dampingThatWorks();
      assertThat(works).isBetween(-spectrum[0], -2 * spectrum[0]);
    }
  }
}
