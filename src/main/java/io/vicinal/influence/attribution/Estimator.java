package io.vicinal.influence.attribution;

import io.vicinal.backend.CurvatureKind;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import java.util.List;

/**
 * Predicts for every training sample i and every query's measurement m by how much m changes if
 * sample i is removed, in m's unit. To first order, with a model M of the curvature,
 *
 * <pre>
 *   score_qi = (w_i / N) &lt;dL_i/dtheta, (M + lambda)^-1 dm_q/dtheta&gt;
 * </pre>
 *
 * so that estimators differ in M, in the point where derivatives are taken, or in what they put in
 * the place of the linear formula. A positive score of a distance: without the sample the pair is
 * farther apart.
 *
 * <p>Immutable, safe for any thread; the explanation is for one thread at a time.
 */
public interface Estimator {
  /** As users call it, such as "if-gn". */
  String name();

  /** The matrix of the linear systems that it solves, or null if it solves none. */
  default CurvatureKind curvature() {
    return null;
  }

  /** How many of them at most. */
  default long systems(int queries, long samples) {
    return curvature() == null ? 0 : queries;
  }

  /**
   * Scores for many queries at once.
   *
   * @throws io.vicinal.InputException if the estimator does not exist for the loss or the analysed
   *     parameters, or the damping does not suffice; it says what works
   * @throws io.vicinal.CancelledException if the thread is interrupted
   */
  Scores scores(Explanation explanation, List<Query> queries, Progress progress);
}
