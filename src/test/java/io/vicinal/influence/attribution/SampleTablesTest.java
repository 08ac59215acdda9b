package io.vicinal.influence.attribution;

import static io.vicinal.influence.attribution.LinearEstimatorsTest.near;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Split by proxy and relabelling, from gradients that are computed anew for every label. */
class SampleTablesTest {
  @ParameterizedTest
  @EnumSource(
      value = ParameterSubset.class,
      names = {"W", "W_B", "W_B_P"})
  void tablesAreDifferencesOfGradients(ParameterSubset theta) {
    try (SmallProblem p = new SmallProblem(theta, 15, true);
        Explanation e = p.explain(3)) {
      double lambda = e.damping().lambda();
      double[] at = p.minimum(e);
      double[][] hessian = DenseTruth.damped(p.truth.hessian(at, p.truth.weights), lambda);
      Query query = p.queries.get(0);
      double[] t = Dense.solve(hessian, 0, p.slope(query, at));
      int from = 2;
      int rows = 11;
      SampleTables tables =
          SampleTables.of(
              e,
              CurvatureKind.HESSIAN,
              ReferencePoint.RECONVERGED,
              query,
              from,
              rows,
              Progress.NONE);
      double[] scores = Estimators.of("if").scores(e, List.of(query), Progress.NONE).values()[0];
      double[] relabel = new double[rows * p.truth.classes];
      double[] split = new double[rows * p.truth.classes];
      double[] sums = new double[rows];
      for (int r = 0; r < rows; r++) {
        int i = from + r;
        double[] own = p.truth.pick(p.truth.gradient(at, i, p.truth.y[i]));
        for (int c = 0; c < p.truth.classes; c++) {
          double[] other = p.truth.pick(p.truth.gradient(at, i, c));
          DenseTruth.addTo(other, -1, own);
          relabel[r * p.truth.classes + c] = -p.truth.weights[i] / p.n * Dense.dot(other, t);
          split[r * p.truth.classes + c] = p.truth.weights[i] / p.n * share(p, at, i, c, t);
        }
        sums[r] = Arrays.stream(tables.split()[r]).sum();
        assertThat(tables.relabel()[r][(int) p.truth.y[i]]).isEqualTo(0);
      }
      near(
          Arrays.stream(tables.relabel()).flatMapToDouble(Arrays::stream).toArray(), relabel, 1e-7);
      near(Arrays.stream(tables.split()).flatMapToDouble(Arrays::stream).toArray(), split, 1e-7);
      near(sums, Arrays.copyOfRange(scores, from, from + rows), 1e-12);
    }
  }

  /**
   * What a move along t does to L_i through the logit of one class: {@code dL_i/dl_c <dl_c, t>}.
   */
  private static double share(SmallProblem p, double[] at, int i, int c, double[] t) {
    double step = 1e-4;
    double above = p.truth.logits(p.truth.moved(at, scaled(t, step)), i)[c];
    double below = p.truth.logits(p.truth.moved(at, scaled(t, -step)), i)[c];
    double residual = p.truth.softmax(p.truth.logits(at, i))[c] - (c == p.truth.y[i] ? 1 : 0);
    return residual * Math.sqrt(Dense.dot(t, t)) * (above - below) / (2 * step);
  }

  private static double[] scaled(double[] v, double factor) {
    double size = factor / Math.sqrt(Dense.dot(v, v));
    return Arrays.stream(v).map(x -> size * x).toArray();
  }
}
