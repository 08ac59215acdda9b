package io.vicinal.influence.attribution;

import static io.vicinal.influence.attribution.LinearEstimatorsTest.near;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Masked Newton steps against dense ones, and against re-solving without the sample. */
class NewtonLooTest {
  private static final double MULTIPLE = 3;

  private static double[] without(SmallProblem p, int j) {
    double[] w = p.truth.weights.clone();
    w[j] = 0;
    return w;
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void equalsADenseMaskedStep(ParameterSubset theta) {
    try (SmallProblem p = new SmallProblem(theta, 24, true);
        Explanation e = p.explain(MULTIPLE)) {
      double lambda = e.damping().lambda();
      double[] at = p.minimum(e);
      Scores scores = NewtonLoo.defaults().scores(e, p.queries, Progress.NONE);
      double[][] expected = new double[p.queries.size()][p.n];
      for (int j = 0; j < p.n; j++) {
        double[] g = p.truth.pick(p.truth.gradient(at, j, p.truth.y[j]));
        double share = p.truth.weights[j] / p.n;
        double[] rhs = Arrays.stream(g).map(v -> share * v).toArray();
        double[] s =
            Dense.solve(DenseTruth.damped(p.truth.hessian(at, without(p, j)), lambda), 0, rhs);
        for (int q = 0; q < expected.length; q++) {
          Query query = p.queries.get(q);
          expected[q][j] = p.value(query, p.truth.moved(at, s)) - p.value(query, at);
        }
      }
      for (int q = 0; q < expected.length; q++) {
        near(scores.values()[q], expected[q], 1e-6);
        assertThat(scores.diagnostics().get(q).more())
            .containsEntry("candidates", p.n)
            .containsEntry("indefinite candidates", 0L);
      }
    }
  }

  @Test
  void predictsWhatReSolvingDoes() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 60, false);
        Explanation e = p.explain(MULTIPLE)) {
      double lambda = e.damping().lambda();
      double[] at = p.minimum(e);
      Scores newton = NewtonLoo.defaults().scores(e, p.queries, Progress.NONE);
      Scores linear = Estimators.of("if").scores(e, p.queries, Progress.NONE);
      double[][] actual = new double[p.queries.size()][p.n];
      for (int j = 0; j < p.n; j++) {
        double[] refit = p.truth.minimum(p.theta, at, without(p, j), lambda);
        for (int q = 0; q < actual.length; q++) {
          actual[q][j] = p.value(p.queries.get(q), refit) - p.value(p.queries.get(q), at);
        }
      }
      for (int q = 0; q < actual.length; q++) {
        assertThat(pearson(newton.values()[q], actual[q])).isGreaterThan(0.99);
        assertThat(error(newton.values()[q], actual[q]))
            .as("size, against the linear formula's")
            .isLessThan(error(linear.values()[q], actual[q]));
      }
    }
  }

  private static double error(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum / Dense.dot(b, b));
  }

  static double pearson(double[] a, double[] b) {
    double ma = Arrays.stream(a).average().orElseThrow();
    double mb = Arrays.stream(b).average().orElseThrow();
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (a[i] - ma) * (b[i] - mb);
      aa += (a[i] - ma) * (a[i] - ma);
      bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / Math.sqrt(aa * bb);
  }

  @Test
  void beyondALimitOnlyTheShortlistIsSolved() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 24, false);
        Explanation e = p.explain(20)) {
      List<Query> one = p.queries.subList(0, 1);
      double[] all = NewtonLoo.defaults().scores(e, one, Progress.NONE).values()[0];
      Scores some = new NewtonLoo(10, 3).scores(e, one, Progress.NONE);
      double[] linear = Estimators.of("if").scores(e, one, Progress.NONE).values()[0];
      double[] sizes = Arrays.stream(linear).map(Math::abs).sorted().toArray();
      for (int j = 0; j < p.n; j++) {
        if (Math.abs(linear[j]) >= sizes[p.n - 3]) {
          assertThat(some.values()[0][j]).isEqualTo(all[j]);
        } else {
          assertThat(some.values()[0][j]).isNaN();
        }
      }
      assertThat(some.diagnostics().get(0).more()).containsEntry("candidates", 3);
      assertThat(some.sets(0).helpful().length + some.sets(0).harmful().length).isEqualTo(3);
    }
  }
}
