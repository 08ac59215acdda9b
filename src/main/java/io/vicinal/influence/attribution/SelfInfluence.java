package io.vicinal.influence.attribution;

import io.vicinal.InputException;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.ConjugateGradient;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.Solution;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Self-influence: by how much a sample's own loss is predicted to grow if the sample is removed,
 *
 * <pre>
 *   score_i = (w_i / N) g_i' (Lambda + lambda)^-1 g_i,     g_i = dL_i/dW
 * </pre>
 *
 * with the EK-FAC diagonal Lambda of the full Hessian, clipped at 0, at the delivered point, for
 * all samples in one product. Queries do not enter: there is one row of scores, with the query id
 * "self". Only the weight's part is counted when proxies are analysed. {@link #exact} solves for a
 * few samples instead. Immutable, safe for any thread.
 */
public final class SelfInfluence implements Estimator {
  @Override
  public String name() {
    return "self";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    HeadProblem problem = explanation.problem();
    CurvaturePoint point = explanation.point(ReferencePoint.DELIVERED, progress);
    try (Arena arena = new Arena(problem.backend().memory())) {
      Tensor inverse =
          point
              .ekfac(CurvatureKind.HESSIAN)
              .inverse(explanation.damping().lambda(), arena)
              .weight();
      Tensor out = arena.allocate(DType.F64, problem.samples());
      point.curvature().selfInfluence(inverse, out);
      double[] scores = out.toDoubles();
      double[] shares = explanation.shares();
      Arrays.setAll(scores, i -> scores[i] * shares[i]);
      Diagnostics diagnostics =
          new Diagnostics(
              "self",
              "each sample's own loss",
              "loss",
              Double.NaN,
              ReferencePoint.DELIVERED,
              explanation.damping().lambda(),
              explanation.damping().multiple(),
              "closed form",
              0,
              0,
              Double.NaN,
              Map.of());
      return new Scores(name(), new double[][] {scores}, List.of(diagnostics));
    }
  }

  /**
   * (w_i / N) g_i' (M + lambda)^-1 g_i by one solve per sample.
   *
   * @param kind M
   * @param reference where
   * @param samples ids
   * @return one value per id
   * @throws InputException if the loss is no sum over samples or M + lambda is indefinite
   */
  public static double[] exact(
      Explanation explanation,
      CurvatureKind kind,
      ReferencePoint reference,
      int[] samples,
      Progress progress) {
    HeadProblem problem = explanation.problem();
    CurvaturePoint point = explanation.point(reference, progress);
    double[] shares = explanation.shares();
    try (Arena arena = new Arena(problem.backend().memory())) {
      Directions rhs = point.space().zeros(arena, samples.length);
      for (int j = 0; j < samples.length; j++) {
        SampleGradient.write(point, samples[j], 1, ParameterSpace.rows(rhs, j, j + 1));
      }
      Solution solution =
          ConjugateGradient.solve(
                  point,
                  kind,
                  explanation.damping().lambda(),
                  rhs,
                  null,
                  explanation.options().solve().with(progress),
                  arena)
              .requireDefinite();
      Directions x = point.space().zeros(arena, samples.length);
      point.space().copy(solution.x(), x);
      double[] forms = point.space().dots(rhs, x);
      Arrays.setAll(forms, j -> forms[j] * shares[samples[j]]);
      return forms;
    }
  }
}
