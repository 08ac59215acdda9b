package io.vicinal.influence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Estimators that are (M + lambda)^-1 between two gradients, against dense matrices and
 * elimination. The oracle's differences are good to about 1e-9; 1e-7 of the largest score is asked.
 */
class LinearEstimatorsTest {
  private static final double MULTIPLE = 3;

  static void near(double[] actual, double[] expected, double tolerance) {
    double scale = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(scale).as("not trivially zero").isGreaterThan(1e-9);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i]))
          .as("sample %d: %s for %s", i, actual[i], expected[i])
          .isLessThanOrEqualTo(tolerance * scale);
    }
  }

  static Map<String, Double> rates(double weight, double bias) {
    return Map.of("weight", weight, "bias", bias, "proxies", 100.0);
  }

  private static Scores scores(String name, Explanation e, List<Query> queries) {
    return Estimators.of(name).scores(e, queries, Progress.NONE);
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void hessianAndGaussNewtonAtTheReconvergedPoint(ParameterSubset theta) {
    try (SmallProblem p = new SmallProblem(theta, 14, true);
        Explanation e = p.explain(MULTIPLE)) {
      double lambda = e.damping().lambda();
      double[] at = p.minimum(e);
      double[][] hessian = DenseTruth.damped(p.truth.hessian(at, p.truth.weights), lambda);
      double[][] gaussNewton = DenseTruth.damped(p.truth.gaussNewton(at), lambda);
      Scores full = scores("if", e, p.queries);
      Scores gn = scores("if-gn", e, p.queries);
      for (int q = 0; q < p.queries.size(); q++) {
        double[] v = p.slope(p.queries.get(q), at);
        near(full.values()[q], p.effects(at, Dense.solve(hessian, 0, v)), 1e-7);
        near(gn.values()[q], p.effects(at, Dense.solve(gaussNewton, 0, v)), 1e-7);
        Diagnostics diagnostics = full.diagnostics().get(q);
        assertThat(diagnostics.query()).isEqualTo(p.queries.get(q).id());
        assertThat(diagnostics.value()).isCloseTo(p.value(p.queries.get(q), at), offset(1e-8));
        assertThat(diagnostics.reference()).isEqualTo(ReferencePoint.RECONVERGED);
        assertThat(diagnostics.residual()).isLessThan(1e-11);
        assertThat(diagnostics.multiple()).isEqualTo(MULTIPLE);
        assertThat(diagnostics.status()).isEqualTo("converged");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void gradientAndTracin(ParameterSubset theta) {
    try (SmallProblem p = new SmallProblem(theta, 12, true);
        Explanation e = p.explain(MULTIPLE)) {
      double[] other = p.theta.clone();
      Arrays.setAll(other, k -> other[k] + 0.1 * Math.sin(k));
      Estimator tracin =
          new TracIn(
              List.of(
                  new TracIn.TracedHead(p.head, rates(0.2, 0.2)),
                  new TracIn.TracedHead(p.head(other), rates(0.7, 0.3))));
      Scores gradient = scores("gradient", e, p.queries);
      Scores traced = tracin.scores(e, p.queries, Progress.NONE);
      for (int q = 0; q < p.queries.size(); q++) {
        double[] v = p.slope(p.queries.get(q), p.theta);
        double[] products = p.effects(p.theta, v);
        double[] slow = p.slope(p.queries.get(q), other);
        for (int k = 0; k < slow.length; k++) { // the groups have rates of their own
          slow[k] *= k < SmallProblem.WIDTH * SmallProblem.D ? 0.7 : 0.3;
        }
        double[] later = p.effects(other, slow);
        double lambda = e.damping().lambda();
        near(gradient.values()[q], Arrays.stream(products).map(s -> s / lambda).toArray(), 1e-8);
        double[] sums = new double[p.n];
        Arrays.setAll(sums, i -> 0.2 * products[i] + later[i]);
        near(traced.values()[q], sums, 1e-8);
        double factor =
            (double) gradient.diagnostics().get(q).more().get(Diagnostics.ORIGINAL_FACTOR);
        double[] g = p.truth.pick(p.truth.gradient(p.theta, 3, p.truth.y[3]));
        assertThat(factor * gradient.values()[q][3] / p.truth.weights[3])
            .isCloseTo(-Dense.dot(g, v), offset(1e-8));
      }
    }
  }

  /** (K_tt + N lambda I)^-1 K_tq with an N x N matrix, which the estimator never builds. */
  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void fisherIsItsKernelForm(ParameterSubset theta) {
    try (SmallProblem p = new SmallProblem(theta, 20, false);
        Explanation e = p.explain(0.5)) {
      double lambda = e.damping().lambda();
      double[][] g = new double[p.n][];
      for (int i = 0; i < p.n; i++) {
        g[i] = p.truth.pick(p.truth.gradient(p.theta, i, p.truth.y[i]));
      }
      double[][] kernel = new double[p.n][p.n];
      for (int i = 0; i < p.n; i++) {
        for (int j = 0; j < p.n; j++) {
          kernel[i][j] = Dense.dot(g[i], g[j]) + (i == j ? p.n * lambda : 0);
        }
      }
      Scores fisher = scores("fisher", e, p.queries);
      for (int q = 0; q < p.queries.size(); q++) {
        double[] v = p.slope(p.queries.get(q), p.theta);
        double[] cross = Arrays.stream(g).mapToDouble(row -> Dense.dot(row, v)).toArray();
        near(fisher.values()[q], Dense.solve(kernel, 0, cross), 1e-8);
      }
    }
  }

  @Test
  void ekfacIsTheDiagonalInTheFrame() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 16, true);
        Explanation e = p.explain(1)) {
      double lambda = e.damping().lambda();
      double[] at = p.minimum(e);
      BasisTruth inBasis = new BasisTruth(p, at);
      double[] diagonal = inBasis.diagonal();
      Scores ekfac = scores("ekfac", e, p.queries);
      assertThat(Arrays.stream(diagonal).min().orElseThrow()).isNegative(); // clipping matters
      for (int q = 0; q < p.queries.size(); q++) {
        double[] v = inBasis.slope(e, p.queries.get(q));
        double[] x = new double[v.length];
        Arrays.setAll(x, k -> v[k] / (Math.max(0, diagonal[k]) + lambda));
        near(ekfac.values()[q], inBasis.effects(x), 1e-7);
      }
    }
  }

  @Test
  void selfInfluence() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 16, true);
        Explanation e = p.explain(2)) {
      double lambda = e.damping().lambda();
      BasisTruth inBasis = new BasisTruth(p, p.theta);
      double[] diagonal = inBasis.diagonal();
      double[] expected = new double[p.n];
      for (int i = 0; i < p.n; i++) {
        double[] g = inBasis.gradient(i);
        for (int k = 0; k < g.length; k++) {
          expected[i] += g[k] * g[k] / (Math.max(0, diagonal[k]) + lambda);
        }
        expected[i] *= p.truth.weights[i] / p.n;
      }
      Scores self = scores("self", e, p.queries);
      assertThat(self.values()).hasNumberOfRows(1);
      assertThat(self.diagnostics().get(0).unit()).isEqualTo("loss");
      near(self.values()[0], expected, 1e-7);
    }
  }

  @Test
  void oneSolveServesEveryReader() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 14, false);
        Explanation e = p.explain(MULTIPLE)) {
      Response first =
          e.responses(
                  CurvatureKind.HESSIAN,
                  ReferencePoint.RECONVERGED,
                  p.queries.subList(1, 2),
                  Progress.NONE)
              .get(0);
      scores("if", e, p.queries);
      Response again =
          e.responses(CurvatureKind.HESSIAN, ReferencePoint.RECONVERGED, p.queries, Progress.NONE)
              .get(1);
      assertThat(again).isSameAs(first);
    }
  }
}
