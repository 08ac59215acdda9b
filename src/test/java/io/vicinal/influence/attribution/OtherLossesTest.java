package io.vicinal.influence.attribution;

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
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOptions;
import io.vicinal.influence.solve.SolveOutcome;
import io.vicinal.loss.ArcFace;
import io.vicinal.loss.Loss;
import io.vicinal.loss.ProxyAnchor;
import io.vicinal.loss.ProxyNca;
import io.vicinal.loss.SoftTriple;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The losses that are no softmax of cosines. Their formulas are written down here once more, value
 * only; every derivative, that by a sample's weight included, is a difference, good to about 1e-7.
 */
class OtherLossesTest {
  private static final int N = 14;
  private static final int D = 4;
  private static final int WIDTH = 3;
  private static final int CLASSES = 3;
  private static final double STEP = 2e-3;

  private static final double SHARPNESS = 4; // scale, la or alpha
  private static final double DEGREES = 20;
  private static final double MARGIN = 0.1;
  private static final double GAMMA = 0.3;
  private static final double TAU = 0.5;

  /** A dataset's loss by the classes' cosines [N][C K], the centres' cosines and the weights. */
  interface Formula {
    double of(double[][] cosines, double[][] proxies, double[] weights, long[] labels);
  }

  record Case(Loss loss, Formula formula, ParameterSubset theta) {
    @Override
    public String toString() {
      return loss.name() + " of " + theta;
    }
  }

  static Stream<Case> cases() {
    Loss triple = new SoftTriple(SHARPNESS, GAMMA, MARGIN, TAU, 2);
    Loss anchor = new ProxyAnchor(MARGIN, SHARPNESS, false, false, false, false);
    return Stream.of(ParameterSubset.W, ParameterSubset.W_B_P)
        .flatMap(
            theta ->
                Stream.of(
                    new Case(new ArcFace(DEGREES, SHARPNESS), OtherLossesTest::arcFace, theta),
                    new Case(triple, OtherLossesTest::softTriple, theta),
                    new Case(new ProxyNca(2, true), OtherLossesTest::proxyNca, theta),
                    new Case(anchor, OtherLossesTest::proxyAnchor, theta)));
  }

  private static double mean(double[] weights, ToDoubleFunction<Integer> loss) {
    return IntStream.range(0, N).mapToDouble(i -> weights[i] * loss.applyAsDouble(i)).sum() / N;
  }

  private static double crossEntropy(double[] logits, int label) {
    return Math.log(Arrays.stream(logits).map(Math::exp).sum()) - logits[label];
  }

  private static double arcFace(double[][] cosines, double[][] p, double[] w, long[] y) {
    return mean(
        w,
        i -> {
          double[] logits = Arrays.stream(cosines[i]).map(c -> SHARPNESS * c).toArray();
          double angle = Math.acos(cosines[i][(int) y[i]]) + Math.toRadians(DEGREES);
          assertThat(angle).isLessThan(Math.PI);
          logits[(int) y[i]] = SHARPNESS * Math.cos(angle);
          return crossEntropy(logits, (int) y[i]);
        });
  }

  private static double softTriple(double[][] cosines, double[][] p, double[] w, long[] y) {
    double apart = 0;
    for (int c = 0; c < CLASSES; c++) {
      apart += Math.sqrt(2 + 1e-5 - 2 * cosine(p[2 * c], p[2 * c + 1]));
    }
    double losses =
        mean(
            w,
            i -> {
              double[] logits = new double[CLASSES];
              for (int c = 0; c < CLASSES; c++) {
                double one = Math.exp(cosines[i][2 * c] / GAMMA);
                double two = Math.exp(cosines[i][2 * c + 1] / GAMMA);
                double similarity =
                    (one * cosines[i][2 * c] + two * cosines[i][2 * c + 1]) / (one + two);
                logits[c] = SHARPNESS * (similarity - (c == y[i] ? MARGIN : 0));
              }
              return crossEntropy(logits, (int) y[i]);
            });
    return losses + TAU * apart / (CLASSES * 2);
  }

  private static double proxyNca(double[][] cosines, double[][] p, double[] w, long[] y) {
    return mean(
        w,
        i -> {
          double others = 0;
          for (int c = 0; c < CLASSES; c++) {
            others += c == y[i] ? 0 : Math.exp(-2 * (2 - 2 * cosines[i][c]));
          }
          return 2 * (2 - 2 * cosines[i][(int) y[i]]) + Math.log(others);
        });
  }

  private static double proxyAnchor(double[][] cosines, double[][] p, double[] w, long[] y) {
    double loss = 0;
    for (int c = 0; c < CLASSES; c++) {
      double own = 1;
      double others = 1;
      for (int i = 0; i < N; i++) {
        if (y[i] == c) {
          own += w[i] * Math.exp(-SHARPNESS * (cosines[i][c] - MARGIN));
        } else {
          others += w[i] * Math.exp(SHARPNESS * (cosines[i][c] + MARGIN));
        }
      }
      loss += (Math.log(own) + Math.log(others)) / CLASSES; // every class is present
    }
    return loss;
  }

  private static double cosine(double[] a, double[] b) {
    return Dense.dot(a, b) / Math.sqrt(Dense.dot(a, a) * Dense.dot(b, b));
  }

  private final Xoshiro random = new Xoshiro(12);
  private final double[] x = SmallProblem.normal(random, N * D);
  private final double[] test = SmallProblem.normal(random, 2 * D);
  private final double[] weights = new double[N];
  private final long[] y = new long[N];

  OtherLossesTest() {
    Arrays.setAll(y, i -> i % CLASSES);
    Arrays.setAll(weights, i -> 0.5 + i % 4 * 0.4);
    for (int i = 0; i < N; i++) {
      x[i * D + i % CLASSES] += i == 5 ? 0 : 2; // one sample is out of place
    }
  }

  /** Parameters are one vector: weight [d, D], bias [d], proxies [C K, d]. */
  private static double[] embedding(double[] theta, double[] rows, int i) {
    double[] z = new double[WIDTH];
    for (int a = 0; a < WIDTH; a++) {
      z[a] = theta[WIDTH * D + a];
      for (int b = 0; b < D; b++) {
        z[a] += theta[a * D + b] * rows[i * D + b];
      }
    }
    return z;
  }

  private double loss(Case c, double[] theta, double[] w) {
    double[][] proxies = new double[CLASSES * c.loss.centers()][];
    for (int r = 0; r < proxies.length; r++) {
      int from = WIDTH * D + WIDTH + r * WIDTH;
      proxies[r] = Arrays.copyOfRange(theta, from, from + WIDTH);
    }
    double[][] cosines = new double[N][proxies.length];
    for (int i = 0; i < N; i++) {
      double[] z = embedding(theta, x, i);
      Arrays.setAll(cosines[i], r -> cosine(z, proxies[r]));
    }
    return c.formula.of(cosines, proxies, w, y);
  }

  private double distance(double[] theta) {
    return 2 - 2 * cosine(embedding(theta, test, 0), embedding(theta, test, 1));
  }

  /** Five-point difference by one entry of a vector. */
  private static double slope(int k, double[] at, ToDoubleFunction<double[]> f) {
    double sum = 0;
    for (int step : new int[] {1, 2}) {
      for (int sign : new int[] {1, -1}) {
        double[] moved = at.clone();
        moved[k] += sign * step * STEP;
        sum += sign * (step == 1 ? 8 : -1) * f.applyAsDouble(moved);
      }
    }
    return sum / (12 * STEP);
  }

  /** The same by the first entries. */
  private static double[] slopes(int size, double[] at, ToDoubleFunction<double[]> f) {
    return IntStream.range(0, size).mapToDouble(k -> slope(k, at, f)).toArray();
  }

  /** w_i times the derivative by w_i of the loss's derivative along a direction. */
  private double[] along(Case c, double[] at, double[] direction) {
    double norm = Math.sqrt(Dense.dot(direction, direction));
    double[] slopes =
        slopes(
            N,
            weights,
            w ->
                slope(
                    0,
                    new double[1],
                    t -> {
                      double[] moved = at.clone();
                      for (int k = 0; k < direction.length; k++) {
                        moved[k] += t[0] * direction[k] / norm;
                      }
                      return loss(c, moved, w);
                    }));
    Arrays.setAll(slopes, i -> slopes[i] * weights[i] * norm);
    return slopes;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scoresAreThoseOfDenseMatrices(Case c) {
    int rows = CLASSES * c.loss.centers();
    int size =
        WIDTH * D + (c.theta.hasBias() ? WIDTH : 0) + (c.theta.hasProxies() ? rows * WIDTH : 0);
    List<Query> queries = List.of(new Query("pair", new PairDistance(0, 1)));
    try (Backend backend = Backend.cpu();
        Arena arena = Arena.host()) {
      double[] w = SmallProblem.normal(random, WIDTH * D);
      double[] proxies = SmallProblem.normal(random, rows * WIDTH);
      for (int r = 0; r < rows; r++) {
        for (int a = 0; a < WIDTH; a++) {
          proxies[r * WIDTH + a] += 2 * w[a * D + r / c.loss.centers()]; // near their classes
        }
      }
      HeadTensors head =
          new HeadTensors(
              arena.of(w, WIDTH, D),
              arena.of(SmallProblem.normal(random, WIDTH), WIDTH),
              arena.of(proxies, rows, WIDTH));
      FeatureSet training = new FeatureSet(arena.of(x, N, D), arena.of(y, N), "training");
      FeatureSet asked = new FeatureSet(arena.of(test, 2, D), arena.of(new long[2], 2), "test");
      ExplanationOptions fine =
          new ExplanationOptions(
              SolveOptions.defaults().withTolerance(1e-11),
              ReconvergenceOptions.defaults().withTolerance(1e-10));
      try (HeadProblem problem =
              HeadProblem.open(
                  backend,
                  new HeadModel(c.loss, training, head),
                  arena.of(weights, N),
                  ProblemOptions.defaults().with(c.theta).with(DType.F64));
          Explanation e = Explanation.open(problem, asked, Damping.absolute(1, problem), fine)) {
        double lambda = e.damping().lambda();
        double[] start = SmallProblem.flat(head);
        SolveOutcome converged = e.convergence(Progress.NONE);
        double[] at = SmallProblem.flat(problem.toDelivered(converged.head(), arena));
        assertThat(converged.converged()).isTrue();
        double[] slopes = slopes(size, at, t -> loss(c, t, weights));
        double pulled = 0;
        for (int k = 0; k < size; k++) {
          assertThat(Math.abs(slopes[k] + lambda * (at[k] - start[k]))).isLessThan(1e-8);
          pulled = Math.max(pulled, Math.abs(slopes[k]));
        }
        assertThat(pulled).as("the delivered head was no minimum").isGreaterThan(1e-3);

        double[][] hessian = new double[size][];
        Arrays.setAll(hessian, k -> slopes(size, at, t -> slope(k, t, u -> loss(c, u, weights))));
        double[] answer =
            Dense.solve(DenseTruth.damped(hessian, lambda), 0, slopes(size, at, this::distance));
        double[] exact = Estimators.of("if").scores(e, queries, Progress.NONE).values()[0];
        near(exact, along(c, at, answer), 1e-5);

        double[] product = along(c, start, slopes(size, start, this::distance));
        Arrays.setAll(product, i -> product[i] / lambda);
        near(
            Estimators.of("gradient").scores(e, queries, Progress.NONE).values()[0], product, 1e-6);
      }
    }
  }
}
