package io.vicinal.influence.attribution;

import io.vicinal.InputException;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Progress;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * TracInCP (Pruthi et al., NeurIPS 2020): gradient products summed along training,
 *
 * <pre>
 *   score_qi = (w_i / N) sum_t &lt;eta_t dL_i/dtheta, dm_q/dtheta&gt; at checkpoint t
 * </pre>
 *
 * with eta_t, one number per parameter group, the sum of the learning rates of all steps from
 * checkpoint t to the next: gradient descent on the mean loss moved along -(eta_t w_i / N) dL_i for
 * the sake of sample i, and without it would not have. With a checkpoint before every step of plain
 * gradient descent on all samples, the scores of a query sum to what its measurement lost along the
 * way, to first order. Of a delivered head that is an average a step counts as much as the average
 * holds of it, with gradients where it was made. It needs no damping, and describes training where
 * others describe the end of it. Momentum and Adam's scales are not in it. Immutable, safe for any
 * thread.
 */
public final class TracIn implements Estimator {
  /**
   * A head on the way, in the delivered basis.
   *
   * @param head weight [d, D], bias or null, proxies, of the delivered head's shapes
   * @param learningRates sums over the steps from here to the next checkpoint, each times its share
   *     in the delivered head, by parameter group: weight, bias, proxies; a group that is missing
   *     did not move
   */
  public record TracedHead(HeadTensors head, Map<String, Double> learningRates) {
    /** Copies the rates. */
    public TracedHead {
      learningRates = Map.copyOf(learningRates);
    }

    private double rate(String group) {
      return learningRates.getOrDefault(group, 0.0);
    }
  }

  private final List<TracedHead> checkpoints;

  /**
   * @param checkpoints at least one
   * @throws InputException if there is none
   */
  public TracIn(List<TracedHead> checkpoints) {
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
      TracedHead checkpoint = checkpoints.get(t);
      try (Arena arena = new Arena(explanation.problem().backend().memory());
          CurvaturePoint point =
              explanation
                  .problem()
                  .at(explanation.problem().headToBasis(checkpoint.head(), arena), null)) {
        Embedded embedded = explanation.embeddings(queries, point.at());
        double[][] products =
            explanation.effects(
                point,
                queries.size(),
                (q, out) -> {
                  explanation.gradient(queries.get(q), embedded, out);
                  scale(explanation.problem(), checkpoint, out);
                });
        for (int q = 0; q < values.length; q++) {
          for (int i = 0; i < n; i++) {
            values[q][i] += products[q][i];
          }
        }
      }
      progress.at("checkpoints", t + 1L, checkpoints.size(), 0, Double.NaN);
    }
    CurvaturePoint delivered = explanation.point(ReferencePoint.DELIVERED, progress);
    Embedded embedded = explanation.embeddings(queries, delivered.exact());
    List<Diagnostics> diagnostics =
        explanation.diagnostics(queries, embedded, ReferencePoint.DELIVERED).stream()
            .map(f -> f.damped(Double.NaN, Double.NaN).with("checkpoints", checkpoints.size()))
            .toList();
    return new Scores(name(), values, diagnostics);
  }

  /**
   * Multiplies a measurement's gradient by the learning rates; it has no proxies' part. The weight
   * and the bias mix in the Kronecker basis, so the whole is scaled by the weight's rate, and what
   * the bias's has more is added from the delivered basis.
   */
  private static void scale(HeadProblem problem, TracedHead checkpoint, Directions gradient) {
    Tensor weight = gradient.weight();
    Tensor one = weight.reshape(weight.dim(1), weight.dim(2));
    double rate = checkpoint.rate(Head.WEIGHT);
    double more = problem.theta().hasBias() ? checkpoint.rate(Head.BIAS) - rate : 0;
    try (Arena scratch = new Arena(problem.backend().memory())) {
      Tensor rest = scratch.allocate(one.dtype(), one.shape());
      if (more != 0) {
        HeadTensors parts = problem.toDelivered(new HeadTensors(one, null, null), scratch);
        double[] bias = parts.bias().toDoubles();
        parts.bias().set(Arrays.stream(bias).map(v -> more * v).toArray());
        Tensor none = scratch.allocate(one.dtype(), parts.weight().shape());
        rest = problem.headToBasis(new HeadTensors(none, parts.bias(), null), scratch).weight();
      }
      problem.backend().xpby(rest.reshape(weight.shape().dims()), new double[] {rate}, weight);
    }
  }
}
