package io.vicinal.influence.attribution;

import io.vicinal.InputException;
import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSpace;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.LowRankGradient;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Progress;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The influence function of the original scripts (Liu et al., NeurIPS 2022, their baseline), its
 * meaning kept exactly: one pass of a stochastic recursion over the samples in order, at the
 * delivered point,
 *
 * <pre>
 *   h &lt;- v + (1 - damping) h - (1/scale) H_i h,   starting from h = v = dm/dtheta
 *   original score_i = -&lt;h / scale, dL_i/dtheta&gt;
 *   score_i          = (w_i / N) &lt;h / scale, dL_i/dtheta&gt;
 * </pre>
 *
 * Its fixed point is (H + damping scale I)^-1 v, hence a damping of lambda = damping * scale = 5 by
 * default, whatever the explanation's is; one pass remembers the last few hundred samples only.
 * Original factor: -N. Immutable, safe for any thread.
 *
 * @param damping of a step, in (0, 1)
 * @param scale above 0
 */
public record Lissa(double damping, double scale) implements Estimator {
  /** Queries whose recursions run at once. */
  private static final int BLOCK = 16;

  /**
   * @throws InputException if a value is outside its range
   */
  public Lissa {
    if (!(damping > 0 && damping < 1) || !(scale > 0) || Double.isInfinite(scale)) {
      throw new InputException(
          "if-seed: damping must be in (0, 1) and scale above 0, got " + damping + ", " + scale);
    }
  }

  /** The original's damping 0.01 and scale 500. */
  public static Lissa defaults() {
    return new Lissa(0.01, 500);
  }

  @Override
  public String name() {
    return "if-seed";
  }

  @Override
  public Scores scores(Explanation explanation, List<Query> queries, Progress progress) {
    HeadProblem problem = explanation.problem();
    if (!problem.spec().isCosineSoftmax()) {
      throw new InputException(
          "if-seed: loss "
              + problem.model().loss().name()
              + " is not a cosine softmax and has no such recursion; use if or gradient");
    }
    if (problem.theta().hasProxies()) {
      throw new InputException("if-seed: analyses the weight only; give theta W or W,b, or use if");
    }
    CurvaturePoint point = explanation.point(ReferencePoint.DELIVERED, progress);
    Embedded embedded = explanation.embeddings(queries, point.exact());
    List<double[]> values = new ArrayList<>();
    try (Arena arena = new Arena(problem.backend().memory())) {
      for (int from = 0; from < queries.size(); from += BLOCK) {
        int m = Math.min(BLOCK, queries.size() - from);
        arena.reset();
        List<Measurement> measured =
            queries.subList(from, from + m).stream().map(Query::measurement).toList();
        long[] rows = explanation.test().rowsOf(measured);
        Tensor right = explanation.test().gather(rows, arena);
        Tensor left = arena.allocate(right.dtype(), m, embedded.width(), rows.length);
        left.set(coefficients(measured, embedded, rows));
        Directions h = point.space().zeros(arena, m);
        point.curvature().seedRecursion(damping, scale, left, right, h.weight());
        double[][] block =
            explanation.effects(
                point, m, (q, out) -> point.space().copy(ParameterSpace.rows(h, q, q + 1), out));
        for (double[] row : block) {
          for (int i = 0; i < row.length; i++) {
            row[i] /= scale;
          }
          values.add(row);
        }
        progress.at("recursions", from + m, queries.size(), 0, Double.NaN);
      }
    }
    double lambda = damping * scale;
    double factor = -problem.samples();
    List<Diagnostics> diagnostics =
        explanation.diagnostics(queries, embedded, ReferencePoint.DELIVERED).stream()
            .map(
                f ->
                    f.damped(lambda, lambda / problem.meanEigenvalue())
                        .with("recursion damping", damping)
                        .with("recursion scale", scale)
                        .with(Diagnostics.ORIGINAL_FACTOR, factor))
            .toList();
    return new Scores(name(), values.toArray(double[][]::new), diagnostics);
  }

  /** Gradients by factors: coefficients of the rows' features, [m, d, R]. */
  private static double[] coefficients(List<Measurement> measured, Embedded embedded, long[] rows) {
    int width = embedded.width();
    double[] left = new double[measured.size() * width * rows.length];
    for (int q = 0; q < measured.size(); q++) {
      LowRankGradient gradient = TestSet.gradient(measured.get(q), embedded);
      for (int r = 0; r < gradient.rows().length; r++) {
        int column = Arrays.binarySearch(rows, gradient.rows()[r]);
        for (int a = 0; a < width; a++) {
          left[(q * width + a) * rows.length + column] = gradient.coefficients()[r][a];
        }
      }
    }
    return left;
  }
}
