package io.vicinal.influence.attribution;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
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
 * "self". Only the weight's part is counted when proxies are analysed. Immutable, safe for any
 * thread.
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
}
