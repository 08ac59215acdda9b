package io.vicinal.influence.attribution;

import io.vicinal.InputException;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.Arrays;
import java.util.List;

/**
 * Influence functions with an exact curvature matrix M, solved by conjugate gradients:
 *
 * <pre>
 *   score_qi = (w_i / N) &lt;dL_i/dtheta, (M + lambda)^-1 dm_q/dtheta&gt;
 * </pre>
 *
 * <ul>
 *   <li>{@link #IF}: M is the full Hessian at the re-converged point (Koh and Liang, ICML 2017,
 *       made legitimate by the proximal term).
 *   <li>{@link #IF_GN}: M is the Gauss-Newton matrix there; always positive definite.
 *   <li>{@link #FISHER}: M is the empirical Fisher matrix (1/N) sum w_i g_i g_i' at the delivered
 *       point. By the Woodbury identity this is exactly the kernel form, for w = 1: scores = (K_tt
 *       + N lambda I)^-1 K_tq with K the inner products of gradients, the estimator that TRAK and
 *       DataInf approximate, without a matrix N x N.
 * </ul>
 *
 * Scores whose solve failed are NaN, see {@link Diagnostics#failed}. Immutable, safe for any
 * thread.
 *
 * @param name the estimator's
 * @param curvature the kind of M
 * @param reference where
 */
record Curved(String name, CurvatureKind curvature, ReferencePoint reference) implements Estimator {
  static final Estimator IF = new Curved("if", CurvatureKind.HESSIAN, ReferencePoint.RECONVERGED);
  static final Estimator IF_GN =
      new Curved("if-gn", CurvatureKind.GAUSS_NEWTON, ReferencePoint.RECONVERGED);
  static final Estimator FISHER =
      new Curved("fisher", CurvatureKind.FISHER, ReferencePoint.DELIVERED);

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    check(explanation.problem());
    List<Response> responses = explanation.responses(curvature, reference, queries, progress);
    CurvaturePoint point = explanation.point(reference, progress);
    double[][] values =
        explanation.effects(
            point,
            queries.size(),
            (q, out) -> point.space().copy(responses.get(q).direction(), out));
    Embedded embedded = explanation.embeddings(queries, point.exact());
    List<Diagnostics> diagnostics =
        explanation.diagnostics(queries, embedded, reference, q -> responses.get(q).report());
    for (int q = 0; q < values.length; q++) {
      if (diagnostics.get(q).failed()) {
        Arrays.fill(values[q], Double.NaN);
      }
    }
    return new Scores(name, values, diagnostics);
  }

  private void check(HeadProblem problem) {
    String lacks =
        curvature == CurvatureKind.GAUSS_NEWTON && !problem.spec().isCosineSoftmax()
            ? "is not a cosine softmax and has no Gauss-Newton matrix"
            : curvature == CurvatureKind.FISHER && !problem.spec().decomposes()
                ? "is no sum over samples and has no Fisher matrix"
                : null;
    if (lacks != null) {
      throw new InputException(
          name + ": loss " + problem.model().loss().name() + " " + lacks + "; use if");
    }
  }
}
