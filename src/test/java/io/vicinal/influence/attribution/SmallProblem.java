package io.vicinal.influence.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadModel;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ParameterSubset;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Embedded;
import io.vicinal.influence.query.GroupDistance;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.PairDistance;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TripletMargin;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOptions;
import io.vicinal.loss.NormalizedSoftmax;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A few random samples under a random head in double precision, beside its {@link DenseTruth}. */
final class SmallProblem implements AutoCloseable {
  static final int D = 4;
  static final int WIDTH = 3;
  static final int CLASSES = 4;
  static final int TEST = 9;
  static final double SCALE = 5;

  final Backend backend = Backend.cpu();
  final Arena arena = Arena.host();
  final int n;
  final double[] theta;
  final double[] testFeatures;
  final DenseTruth truth;
  final HeadProblem problem;
  final FeatureSet test;
  final HeadTensors head;
  final List<Query> queries =
      List.of(
          new Query("pair 0-5", new PairDistance(0, 5)),
          new Query(
              "group",
              new GroupDistance("group", List.of(new Pair(1, 2), new Pair(1, 3), new Pair(7, 8)))),
          new Query("margin", new TripletMargin(4, 5, 6)));

  SmallProblem(ParameterSubset analysed, int n, boolean weighted) {
    this(analysed, n, weighted, new Xoshiro(n + 10L * analysed.ordinal()));
  }

  private SmallProblem(ParameterSubset analysed, int n, boolean weighted, Xoshiro random) {
    this.n = n;
    double[] centres = normal(random, CLASSES * D);
    double[] x = normal(random, n * D);
    long[] y = new long[n];
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      y[i] = i % CLASSES;
      weights[i] = weighted ? 0.5 + random.nextDouble() : 1;
      for (int b = 0; b < D; b++) {
        x[i * D + b] = 1.5 * centres[(int) y[i] * D + b] + 0.7 * x[i * D + b];
      }
      y[i] = i % 7 == 3 ? (y[i] + 1) % CLASSES : y[i]; // some labels are wrong
    }
    theta = fitted(centres, random);
    testFeatures = normal(random, TEST * D);
    int size =
        switch (analysed) {
          case W -> WIDTH * D;
          case W_B -> WIDTH * D + WIDTH;
          case W_B_P -> theta.length;
        };
    truth =
        new DenseTruth(SCALE, CLASSES, WIDTH, x, y, weights, IntStream.range(0, size).toArray());
    head = head(theta);
    FeatureSet training = new FeatureSet(arena.of(x, n, D), arena.of(y, n), "training");
    test = new FeatureSet(arena.of(testFeatures, TEST, D), arena.of(new long[TEST], TEST), "test");
    HeadModel model = new HeadModel(new NormalizedSoftmax(1 / SCALE), training, head);
    Tensor w = weighted ? arena.of(weights, n) : null;
    problem =
        HeadProblem.open(
            backend, model, w, ProblemOptions.defaults().with(analysed).with(DType.F64));
  }

  /** A random weight and bias, and proxies near the classes' centres: roughly a trained head. */
  private static double[] fitted(double[] centres, Xoshiro random) {
    double[] theta = normal(random, WIDTH * D + WIDTH + CLASSES * WIDTH);
    for (int c = 0; c < CLASSES; c++) {
      for (int a = 0; a < WIDTH; a++) {
        int at = WIDTH * D + WIDTH + c * WIDTH + a;
        theta[at] = 0.4 * theta[at] + theta[WIDTH * D + a];
        for (int b = 0; b < D; b++) {
          theta[at] += 1.5 * theta[a * D + b] * centres[c * D + b];
        }
      }
    }
    return theta;
  }

  static double[] normal(Xoshiro random, int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextGaussian();
    }
    return values;
  }

  HeadTensors head(double[] parameters) {
    int bias = WIDTH * D;
    int proxies = bias + WIDTH;
    return new HeadTensors(
        arena.of(Arrays.copyOfRange(parameters, 0, bias), WIDTH, D),
        arena.of(Arrays.copyOfRange(parameters, bias, proxies), WIDTH),
        arena.of(Arrays.copyOfRange(parameters, proxies, parameters.length), CLASSES, WIDTH));
  }

  /** Solved far below the errors of the oracle's differences. */
  Explanation explain(double multiple) {
    ExplanationOptions options =
        new ExplanationOptions(
            SolveOptions.defaults().withTolerance(1e-11),
            ReconvergenceOptions.defaults().withTolerance(1e-11));
    return Explanation.open(problem, test, Damping.multiple(multiple, problem), options);
  }

  /** The oracle's own minimum next to the re-converged point, which must be at most 1e-8 away. */
  double[] minimum(Explanation e) {
    HeadTensors found = problem.toDelivered(e.convergence(Progress.NONE).head(), arena);
    double[] start = flat(found);
    double[] at = truth.minimum(theta, start, truth.weights, e.damping().lambda());
    for (int k = 0; k < at.length; k++) {
      assertThat(at[k]).isCloseTo(start[k], offset(1e-8));
    }
    return at;
  }

  static double[] flat(HeadTensors head) {
    return Stream.of(head.weight(), head.bias(), head.proxies())
        .flatMapToDouble(part -> Arrays.stream(part.toDoubles()))
        .toArray();
  }

  double value(Query query, double[] parameters) {
    double[][] rows = new double[TEST][];
    long[] ids = new long[TEST];
    for (int r = 0; r < TEST; r++) {
      rows[r] = truth.embedding(parameters, testFeatures, r);
      ids[r] = r;
    }
    return query.measurement().value(new Embedded(WIDTH, ids, rows));
  }

  /** dm/dtheta over the analysed parameters, by differences. */
  double[] slope(Query query, double[] parameters) {
    double[][] rows = truth.differences(parameters, t -> new double[] {value(query, t)});
    double[] slope = new double[rows.length];
    for (int k = 0; k < slope.length; k++) {
      slope[k] = rows[k][0];
    }
    return slope;
  }

  /** (w_i/N) dL_i' direction. */
  double[] effects(double[] parameters, double[] direction) {
    double[] effects = new double[n];
    for (int i = 0; i < n; i++) {
      double[] g = truth.pick(truth.gradient(parameters, i, truth.y[i]));
      effects[i] = truth.weights[i] / n * Dense.dot(g, direction);
    }
    return effects;
  }

  @Override
  public void close() {
    problem.close();
    arena.close();
    backend.close();
  }
}
