package io.vicinal.influence.attribution;

import static io.vicinal.influence.attribution.LinearEstimatorsTest.near;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.influence.attribution.EifOptions.Ways;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOptions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Sign and unit of every estimator at once. Where the damping is far above the curvature they
 * agree, and a score is what really happens to the measurement when the head is solved again
 * without the sample: naively, by Newton's method on dense matrices. The original's recursion has a
 * damping of its own, here set to the same, and its walk is short.
 */
class UnitsTest {
  private static final double LAMBDA = 300;

  private static Explanation explain(SmallProblem p) {
    ExplanationOptions options =
        new ExplanationOptions(
            SolveOptions.defaults().withTolerance(1e-9),
            ReconvergenceOptions.defaults().withTolerance(1e-9));
    return Explanation.open(p.problem, p.test, Damping.absolute(LAMBDA, p.problem), options);
  }

  private static double[] without(SmallProblem p, double[] at, int j) {
    double[] weights = p.truth.weights.clone();
    weights[j] = 0;
    return p.truth.minimum(p.theta, at, weights, LAMBDA);
  }

  @Test
  void everyScoreIsTheChangeByRemoval() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 60, true);
        Explanation e = explain(p)) {
      List<Estimator> estimators = new ArrayList<>();
      for (String name : Estimators.names()) {
        switch (name) {
          case "self" -> {}
          case "if-seed" -> estimators.add(new Lissa(0.1, LAMBDA / 0.1));
          case "eif" ->
              estimators.add(
                  new Eif(new EifOptions(2, 1e-4, 1, Ways.ASCENT, 0, EifOptions.Form.PRODUCT)));
          case "tracin" ->
              estimators.add(
                  new TracIn(
                      List.of(
                          new TracIn.TracedHead(
                              p.head, LinearEstimatorsTest.rates(1 / LAMBDA, 1 / LAMBDA)))));
          default -> estimators.add(Estimators.of(name));
        }
      }
      assertThat(estimators).hasSize(9);
      double[] at = p.minimum(e);
      double[][] actual = new double[p.queries.size()][p.n];
      double[] own = new double[p.n];
      for (int j = 0; j < p.n; j++) {
        double[] solved = without(p, at, j);
        for (int q = 0; q < actual.length; q++) {
          actual[q][j] = p.value(p.queries.get(q), solved) - p.value(p.queries.get(q), at);
        }
        own[j] = p.truth.loss(solved, j, p.truth.y[j]) - p.truth.loss(at, j, p.truth.y[j]);
      }
      for (Estimator estimator : estimators) {
        Scores scores = estimator.scores(e, p.queries, Progress.NONE);
        for (int q = 0; q < actual.length; q++) {
          assertThat(scores.diagnostics().get(q).unit()).isEqualTo("squared distance");
          near(scores.values()[q], actual[q], 0.1);
        }
      }
      near(Estimators.of("self").scores(e, p.queries, Progress.NONE).values()[0], own, 0.1);
    }
  }
}
