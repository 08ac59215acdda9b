package io.vicinal.influence.attribution;

import static io.vicinal.Refusal.refused;
import static io.vicinal.influence.attribution.LinearEstimatorsTest.near;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The original's recursion as a loop over dense per-sample Hessians. */
class LissaTest {
  /** Hessian of L_i by differences of its gradient, all analysed parameters. */
  private static double[][] hessian(DenseTruth truth, double[] theta, int i) {
    return truth.differences(theta, t -> truth.pick(truth.gradient(t, i, truth.y[i])));
  }

  private static double[] times(double[][] matrix, double[] v) {
    return Arrays.stream(matrix).mapToDouble(row -> Dense.dot(row, v)).toArray();
  }

  @Test
  void equalsTheLoopOverTwoHundredSamples() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W, 200, false);
        Explanation e = p.explain(3)) {
      // a scale at which curvature matters, beside the original's, at which it hardly does
      for (Lissa seed : List.of(Lissa.defaults(), new Lissa(0.02, 20))) {
        Scores scores = seed.scores(e, p.queries, Progress.NONE);
        for (int q = 0; q < p.queries.size(); q++) {
          double[] v = p.slope(p.queries.get(q), p.theta);
          double[] h = v.clone();
          for (int i = 0; i < p.n; i++) {
            double[] product = times(hessian(p.truth, p.theta, i), h);
            for (int k = 0; k < h.length; k++) {
              h[k] = v[k] + (1 - seed.damping()) * h[k] - product[k] / seed.scale();
            }
          }
          double[] original = new double[p.n];
          double factor =
              (double) scores.diagnostics().get(q).more().get(Diagnostics.ORIGINAL_FACTOR);
          for (int i = 0; i < p.n; i++) {
            double[] g = p.truth.pick(p.truth.gradient(p.theta, i, p.truth.y[i]));
            original[i] = -Dense.dot(h, g) / seed.scale();
          }
          double[] found = Arrays.stream(scores.values()[q]).map(score -> factor * score).toArray();
          near(found, original, 1e-8);
          assertThat(scores.diagnostics().get(q).lambda()).isEqualTo(seed.damping() * seed.scale());
        }
      }
    }
  }

  /**
   * Many shuffled passes, as one pass over a long list of repeated samples: the fixed point is (H +
   * damping scale I)^-1 v. With damping 5 / scale the last 2 scale / 5 draws are averaged, so the
   * error falls with the scale's root; v / 5, which leaves the curvature out, is far off.
   */
  @Test
  void manyShuffledPassesApproachTheDampedSolve() {
    int n = 50;
    int passes = 400;
    Xoshiro random = new Xoshiro(8);
    SmallProblem p = new SmallProblem(ParameterSubset.W, n, false);
    DenseTruth truth = p.truth;
    double[] x = truth.x;
    double[] theta = p.theta.clone();
    for (int k = 0; k < SmallProblem.WIDTH * (SmallProblem.D + 1); k++) {
      theta[k] *= 0.3; // short embeddings: strong curvature
    }
    double[] longX = new double[passes * x.length];
    long[] longY = new long[passes * n];
    for (int pass = 0; pass < passes; pass++) {
      int[] order = shuffled(n, random);
      for (int i = 0; i < n; i++) {
        System.arraycopy(
            x, order[i] * SmallProblem.D, longX, (pass * n + i) * SmallProblem.D, SmallProblem.D);
        longY[pass * n + i] = truth.y[order[i]];
      }
    }
    double scale = 10_000;
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host();
        p) {
      HeadTensors head = p.head(theta);
      FeatureSet set =
          new FeatureSet(
              arena.of(longX, longY.length, SmallProblem.D), arena.of(longY, longY.length), "x");
      HeadModel model = new HeadModel(new NormalizedSoftmax(1 / SmallProblem.SCALE), set, head);
      try (HeadProblem problem =
              HeadProblem.open(backend, model, ProblemOptions.defaults().with(DType.F64));
          Explanation e =
              Explanation.open(
                  problem, p.test, Damping.multiple(1, problem), ExplanationOptions.defaults())) {
        Query query = p.queries.get(0);
        Scores scores = new Lissa(5 / scale, scale).scores(e, List.of(query), Progress.NONE);
        double[] v = p.slope(query, theta);
        double[] solved =
            Dense.solve(DenseTruth.damped(truth.hessian(theta, truth.weights), 5), 0, v);
        double[] flat = Arrays.stream(v).map(g -> g / 5).toArray();
        double error = error(truth, theta, solved, scores.values()[0], longX, longY);
        assertThat(error).isLessThan(0.02);
        assertThat(error(truth, theta, flat, scores.values()[0], longX, longY))
            .as("without curvature")
            .isGreaterThan(10 * error);
      }
    }
  }

  /** Relative distance of the scores from those of a direction, over the first pass. */
  private static double error(
      DenseTruth truth, double[] theta, double[] direction, double[] scores, double[] x, long[] y) {
    double square = 0;
    double norm = 0;
    DenseTruth one =
        new DenseTruth(
            truth.scale,
            truth.classes,
            truth.width,
            Arrays.copyOf(x, truth.n * truth.features),
            Arrays.copyOf(y, truth.n),
            truth.weights,
            truth.analysed);
    for (int i = 0; i < one.n; i++) {
      double expected = Dense.dot(one.pick(one.gradient(theta, i, one.y[i])), direction) / y.length;
      square += (scores[i] - expected) * (scores[i] - expected);
      norm += expected * expected;
    }
    return Math.sqrt(square / norm);
  }

  private static int[] shuffled(int n, Xoshiro random) {
    int[] order = new int[n];
    Arrays.setAll(order, i -> i);
    for (int i = n - 1; i > 0; i--) {
      int j = (int) (random.nextDouble() * (i + 1));
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  @Test
  void proxiesAreNotAnalysed() {
    try (SmallProblem p = new SmallProblem(ParameterSubset.W_B_P, 12, false);
        Explanation e = p.explain(1)) {
      refused(() -> Lissa.defaults().scores(e, p.queries, Progress.NONE), "W,b");
      refused(() -> new Lissa(1.5, 500));
    }
  }
}
