package io.vicinal.influence.attribution;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.Diagonal;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import java.util.List;

/**
 * Influence functions with the eigenvalue-corrected Kronecker approximation (Grosse et al., arXiv
 * 2308.03296), its factors exact instead of sampled: M is Lambda, the full Hessian's diagonal in
 * the basis, clipped at 0, at the re-converged point. No solve: score_qi = (w_i / N) &lt;dL_i, dm_q
 * / (Lambda + lambda)&gt;. Immutable, safe for any thread.
 */
final class Ekfac implements Estimator {
  @Override
  public String name() {
    return "ekfac";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    ReferencePoint reference = ReferencePoint.RECONVERGED;
    CurvaturePoint point = explanation.point(reference, progress);
    try (Arena arena = new Arena(explanation.problem().backend().memory())) {
      Diagonal inverse =
          point.ekfac(CurvatureKind.HESSIAN).inverse(explanation.damping().lambda(), arena);
      Embedded embedded = explanation.embeddings(queries, point.exact());
      double[][] values =
          explanation.effects(
              point,
              queries.size(),
              (q, out) -> {
                explanation.gradient(queries.get(q), embedded, out);
                point.space().multiply(inverse, out, out);
              });
      return new Scores(name(), values, explanation.diagnostics(queries, embedded, reference));
    }
  }
}
