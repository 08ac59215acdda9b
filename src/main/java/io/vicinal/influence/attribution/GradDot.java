package io.vicinal.influence.attribution;

import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.Arrays;
import java.util.List;

/**
 * The gradient product, a baseline: the curvature is left out, M = 0, so that
 *
 * <pre>
 *   score_qi = (w_i / (N lambda)) &lt;dL_i/dtheta, dm_q/dtheta&gt;
 * </pre>
 *
 * at the delivered point: how the measurement changes if the proximal term alone answers to the
 * removal. Only the ranking is to be trusted; sizes are right where lambda exceeds the curvature.
 * Original factor: the plain product -&lt;dL_i, dm&gt;. Immutable, safe for any thread.
 */
final class GradDot implements Estimator {
  @Override
  public String name() {
    return "gradient";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    ReferencePoint reference = ReferencePoint.DELIVERED;
    CurvaturePoint point = explanation.point(reference, progress);
    double lambda = explanation.damping().lambda();
    Embedded embedded = explanation.embeddings(queries, point.exact());
    double[][] values =
        explanation.effects(
            point, queries.size(), (q, out) -> explanation.gradient(queries.get(q), embedded, out));
    for (double[] row : values) {
      Arrays.setAll(row, i -> row[i] / lambda);
    }
    double factor = -explanation.problem().samples() * lambda;
    List<Diagnostics> diagnostics =
        explanation.diagnostics(queries, embedded, reference).stream()
            .map(f -> f.with(Diagnostics.ORIGINAL_FACTOR, factor))
            .toList();
    return new Scores(name(), values, diagnostics);
  }
}
