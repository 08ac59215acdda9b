package io.vicinal.influence.estimate;

import io.vicinal.InputException;
import io.vicinal.backend.HeadTensors;
import io.vicinal.influence.Query;
import io.vicinal.influence.measure.Embedded;
import io.vicinal.influence.solve.CurvaturePoint;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import java.util.List;

/**
 * TracInCP (Pruthi et al., NeurIPS 2020): gradient products summed along training,
 *
 * <pre>
 *   score_qi = (w_i / N) sum_t eta_t &lt;dL_i/dtheta, dm_q/dtheta&gt; at checkpoint t
 * </pre>
 *
 * with eta_t the sum of the learning rates of all steps that checkpoint t stands for: gradient
 * descent on the mean loss moved along -(eta_t w_i / N) dL_i for the sake of sample i, and without
 * it would not have. It needs no damping, and describes training where others describe the end of
 * it. Immutable, safe for any thread.
 */
public final class TracIn implements Estimator {
  /**
   * A head on the way, in the user's letters.
   *
   * @param head weight [d, D], bias or null, proxies, of the delivered head's shapes
   * @param learningRate sum of the learning rates of the steps that it stands for
   */
  public record Checkpoint(HeadTensors head, double learningRate) {}

  private final List<Checkpoint> checkpoints;

  /**
   * @param checkpoints at least one
   * @throws InputException if there is none
   */
  public TracIn(List<Checkpoint> checkpoints) {
    if (checkpoints.isEmpty()) {
      throw new InputException(
          "tracin: needs checkpoints of the training; give a run that kept them, or another method");
    }
    this.checkpoints = List.copyOf(checkpoints);
  }

  @Override
  public String name() {
    return "tracin";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    int n = Math.toIntExact(explanation.problem().samples());
    double[][] values = new double[queries.size()][n];
    for (int t = 0; t < checkpoints.size(); t++) {
      Checkpoint checkpoint = checkpoints.get(t);
      try (Arena arena = new Arena(explanation.problem().backend().memory());
          CurvaturePoint point =
              CurvaturePoint.open(
                  explanation.problem(),
                  explanation.problem().headToFrame(checkpoint.head(), arena),
                  null)) {
        Embedded embedded = explanation.embeddings(queries, point.at());
        double[][] products =
            explanation.effects(
                point,
                queries.size(),
                (q, out) -> explanation.gradient(queries.get(q), embedded, out));
        for (int q = 0; q < values.length; q++) {
          for (int i = 0; i < n; i++) {
            values[q][i] += checkpoint.learningRate() * products[q][i];
          }
        }
      }
      progress.at("checkpoints", t + 1L, checkpoints.size(), 0, Double.NaN);
    }
    CurvaturePoint delivered = explanation.point(ReferencePoint.DELIVERED, progress);
    Embedded embedded = explanation.embeddings(queries, delivered.exact());
    List<Facts> facts =
        explanation.facts(queries, embedded, ReferencePoint.DELIVERED).stream()
            .map(f -> f.damped(Double.NaN, Double.NaN).with("checkpoints", checkpoints.size()))
            .toList();
    return new Scores(name(), values, facts);
  }
}
