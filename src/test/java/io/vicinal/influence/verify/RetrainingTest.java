package io.vicinal.influence.verify;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.data.FeatureSet;
import io.vicinal.influence.attribution.Estimators;
import io.vicinal.influence.attribution.Explanation;
import io.vicinal.influence.attribution.ExplanationOptions;
import io.vicinal.influence.attribution.ReferencePoint;
import io.vicinal.influence.attribution.SampleTables;
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
import io.vicinal.loss.Loss;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.sample.Xoshiro;
import io.vicinal.statistics.Agreement;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against gradient descent on the edited training set, which shares nothing but the gradient. */
class RetrainingTest {
  private static final int N = 40;
  private static final int FEATURES = 6;
  private static final int WIDTH = 3;
  private static final int CLASSES = 4;
  private static final double LAMBDA = 0.05;
  private static final Loss LOSS = new ProxyNcaPlusPlus(2, false);
  private static final ReconvergenceOptions OPTIONS = Retraining.options().withTolerance(1e-9);
  private static final Query PAIR = new Query("pair 0-1", new PairDistance(0, 1));

  @AutoClose private final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();
  private double[] x;
  private long[] y;
  private HeadTensors head;
  private FeatureSet test;

  @BeforeEach
  void data() {
    Xoshiro random = new Xoshiro(5);
    x = normal(random, N * FEATURES);
    y = new long[N];
    Arrays.setAll(y, i -> i % CLASSES);
    for (int i = 0; i < N; i++) {
      x[i * FEATURES + i % CLASSES] += 3;
    }
    head =
        new HeadTensors(
            arena.of(normal(random, WIDTH * FEATURES), WIDTH, FEATURES),
            arena.of(normal(random, WIDTH), WIDTH),
            arena.of(normal(random, CLASSES * WIDTH), CLASSES, WIDTH));
    head =
        descend(
            head, ParameterSubset.W_B_P, ones(), y, 0, 300, arena); // delivered heads are trained
    test =
        new FeatureSet(
            arena.of(normal(random, 5 * FEATURES), 5, FEATURES),
            arena.of(new long[] {0, 1, 0, 1, 0}, 5),
            "test");
  }

  private static double[] normal(Xoshiro random, int count) {
    double[] values = new double[count];
    Arrays.setAll(values, i -> random.nextGaussian());
    return values;
  }

  private HeadModel model() {
    return new HeadModel(
        LOSS, new FeatureSet(arena.of(x, N, FEATURES), arena.of(y, N), "training"), head);
  }

  private interface Work {
    void with(Explanation explanation, Retraining retraining);
  }

  private void open(ParameterSubset theta, Work work) {
    open(theta, ones(), work);
  }

  private void open(ParameterSubset theta, double[] weights, Work work) {
    ProblemOptions options = ProblemOptions.defaults().with(DType.F64).with(theta);
    try (HeadProblem problem = HeadProblem.open(backend, model(), arena.of(weights, N), options);
        Explanation explanation =
            Explanation.open(
                problem,
                test,
                Damping.absolute(LAMBDA, problem),
                new ExplanationOptions(SolveOptions.defaults().withTolerance(1e-8), OPTIONS));
        Retraining retraining =
            Retraining.of(
                explanation, List.of(Probe.of(PAIR), Probe.recall(explanation.test())), OPTIONS)) {
      work.with(explanation, retraining);
    }
  }

  /** The pair's distance after plain gradient descent on these weights and labels. */
  private double descended(ParameterSubset theta, double[] weights, long[] labels) {
    try (Arena own = Arena.host()) {
      HeadTensors end = descend(head, theta, weights, labels, LAMBDA, 2500, own);
      Tensor embeddings = own.allocate(DType.F64, 5, WIDTH);
      backend.embed(test.features(), end, embeddings);
      backend.normalizeRows(embeddings, embeddings);
      double[] z = embeddings.toDoubles();
      double distance = 0;
      for (int k = 0; k < WIDTH; k++) {
        distance += (z[k] - z[WIDTH + k]) * (z[k] - z[WIDTH + k]);
      }
      return distance;
    }
  }

  private HeadTensors descend(
      HeadTensors from,
      ParameterSubset theta,
      double[] weights,
      long[] labels,
      double lambda,
      int steps,
      Arena owner) {
    double[][] start = {
      from.weight().toDoubles(), from.bias().toDoubles(), from.proxies().toDoubles()
    };
    boolean[] moves = {true, theta.hasBias(), theta.hasProxies()};
    Tensor[] at = {
      owner.of(start[0], WIDTH, FEATURES),
      owner.of(start[1], WIDTH),
      owner.of(start[2], CLASSES, WIDTH)
    };
    Tensor[] gradient = {
      owner.allocate(DType.F64, WIDTH, FEATURES),
      owner.allocate(DType.F64, WIDTH),
      owner.allocate(DType.F64, CLASSES, WIDTH)
    };
    Targets targets = new Targets(owner.of(labels, N), owner.of(weights, N), null);
    Tensor features = owner.of(x, N, FEATURES);
    HeadTensors point = new HeadTensors(at[0], at[1], at[2]);
    HeadTensors slope = new HeadTensors(gradient[0], gradient[1], gradient[2]);
    for (int step = 0; step < steps; step++) {
      backend.headGradient(LOSS.spec(), CLASSES, features, targets, point, null, slope);
      for (int p = 0; p < 3; p++) {
        double[] values = at[p].toDoubles();
        double[] g = gradient[p].toDoubles();
        double[] origin = start[p];
        double rate = moves[p] ? 0.2 : 0;
        Arrays.setAll(values, k -> values[k] - rate * (g[k] + lambda * (values[k] - origin[k])));
        at[p].set(values);
      }
    }
    return point;
  }

  private static double[] ones() {
    double[] ones = new double[N];
    Arrays.fill(ones, 1);
    return ones;
  }

  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void everyEditIsWhatGradientDescentFinds(ParameterSubset theta) {
    open(
        theta,
        (explanation, retraining) -> {
          assertThat(retraining.base().converged()).isTrue();
          assertThat(retraining.before()[0]).isCloseTo(descended(theta, ones(), y), within(1e-6));

          double[] without = ones();
          without[7] = 0;
          check(retraining, Edit.remove(7), descended(theta, without, y));

          double[] group = ones();
          Arrays.fill(group, 10, 20, 0);
          long[] ids = new long[10];
          Arrays.setAll(ids, i -> 10 + i);
          check(retraining, Edit.remove("ten", ids), descended(theta, group, y));

          double[] more = ones();
          more[3] = 2.5;
          check(retraining, Edit.reweight("more", 2.5, 3), descended(theta, more, y));

          long[] relabelled = y.clone();
          relabelled[3] = 0;
          relabelled[9] = 2;
          check(
              retraining,
              Edit.relabel("labels", Map.of(3L, 0L, 9L, 2L)),
              descended(theta, ones(), relabelled));
        });
  }

  private static void check(Retraining retraining, Edit edit, double expected) {
    Outcome outcome = retraining.run(edit);
    assertThat(outcome.converged()).isTrue();
    assertThat(outcome.after()[0]).isCloseTo(expected, within(1e-6));
    assertThat(Math.abs(outcome.change(0))).isGreaterThan(1e-5);
    assertThat(outcome.products()).isPositive();
  }

  /** What two heads near their minima miss is within the stated error, which shrinks with them. */
  @Test
  void theErrorOfAChangeIsStated() {
    open(
        ParameterSubset.W_B,
        (explanation, retraining) -> {
          List<Probe> probes = retraining.probes();
          for (double tolerance : new double[] {1e-1, 1e-2, 1e-4}) {
            try (Retraining rough =
                Retraining.of(explanation, probes, OPTIONS.withTolerance(tolerance))) {
              for (long id = 0; id < N; id += 5) {
                Outcome exact = retraining.run(Edit.remove(id));
                Outcome outcome = rough.run(Edit.remove(id));
                double missed = Math.abs(outcome.change(0) - exact.change(0));
                assertThat(missed).isLessThanOrEqualTo(1.1 * outcome.error()[0] + 1e-8);
                assertThat(outcome.error()[0]).isBetween(0.0, 20 * tolerance);
                assertThat(outcome.error()[1]).isNaN();
              }
            }
          }
        });
  }

  /** Where effects are small, influence functions are exact; one Newton step is close beyond. */
  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void scoresPredictIt(ParameterSubset theta) {
    open(
        theta,
        (explanation, retraining) -> {
          List<Edit> little = new ArrayList<>();
          List<Edit> removals = new ArrayList<>();
          for (long id = 0; id < N; id += 3) {
            little.add(Edit.reweight("1 % less of " + id, 0.99, id));
            little.add(Edit.reweight("1 % more of " + id, 1.01, id));
            removals.add(Edit.remove(id));
          }
          double[][] linear = scores("if", explanation);
          Agreement small = agreement(linear, retraining.run(little));
          assertThat(small.pearson()).isGreaterThan(0.9999);
          assertThat(small.sizeError()).isLessThan(0.01);
          List<Outcome> left = retraining.run(removals);
          Agreement newton = agreement(scores("newton-loo", explanation), left);
          assertThat(newton.pearson()).isGreaterThan(0.98); // one of 40 samples is a large change
          assertThat(newton.sizeError()).isLessThan(0.4 * agreement(linear, left).sizeError());
        });
  }

  /**
   * Relabelling is a large change: the table says the direction and the order, not the size. Where
   * the samples that change weigh a thousandth, it is exact.
   */
  @ParameterizedTest
  @EnumSource(ParameterSubset.class)
  void theRelabelTablePredictsIt(ParameterSubset theta) {
    open(
        theta,
        (explanation, retraining) -> {
          Agreement large = relabelled(explanation, retraining);
          assertThat(large.spearman()).isGreaterThan(0.5);
          assertThat(large.sign()).isGreaterThan(0.7);
        });
    double[] light = ones();
    for (int id = 0; id < N; id += 2) {
      light[id] = 0.001;
    }
    open(
        theta,
        light,
        (explanation, retraining) -> {
          Agreement small = relabelled(explanation, retraining);
          assertThat(small.pearson()).isGreaterThan(0.9999);
          assertThat(small.sizeError()).isLessThan(0.05);
        });
  }

  /** Every second sample gets another label, one at a time. */
  private Agreement relabelled(Explanation explanation, Retraining retraining) {
    double[][] table =
        SampleTables.of(
                explanation,
                CurvatureKind.HESSIAN,
                ReferencePoint.RECONVERGED,
                PAIR,
                0,
                N,
                Progress.NONE)
            .relabel();
    double[] predicted = new double[N / 2];
    double[] actual = new double[N / 2];
    for (int k = 0; k < N / 2; k++) {
      int id = 2 * k;
      long other = (y[id] + 1 + k % (CLASSES - 1)) % CLASSES;
      predicted[k] = table[id][(int) other];
      actual[k] = retraining.run(Edit.relabel("relabel", Map.of((long) id, other))).change(0);
    }
    return Agreement.of(predicted, actual);
  }

  private static double[][] scores(String method, Explanation explanation) {
    return Estimators.of(method).scores(explanation, List.of(PAIR), Progress.NONE).values();
  }

  private static Agreement agreement(double[][] scores, List<Outcome> outcomes) {
    double[] predicted =
        outcomes.stream().mapToDouble(o -> o.edit().predicted(scores[0])).toArray();
    return Agreement.of(
        predicted, outcomes.stream().mapToDouble(outcome -> outcome.change(0)).toArray());
  }

  @Test
  void theStartDoesNotMatter() {
    open(
        ParameterSubset.W,
        (explanation, retraining) -> {
          HeadProblem problem = explanation.problem();
          HeadTensors from = problem.reference();
          double[] weight = from.weight().toDoubles();
          double[] noise = normal(new Xoshiro(6), weight.length);
          Arrays.setAll(weight, k -> weight[k] + 0.1 * noise[k]);
          HeadTensors start =
              new HeadTensors(
                  arena.of(weight, from.weight().dim(0), from.weight().dim(1)),
                  from.bias(),
                  from.proxies());
          try (Retraining other =
              new Retraining(
                  problem,
                  explanation.test(),
                  explanation.damping().lambda(),
                  retraining.probes(),
                  start,
                  OPTIONS)) {
            assertThat(other.base().converged()).isTrue();
            assertThat(other.base().gradientNorm()) // another way, the same end
                .isNotEqualTo(retraining.base().gradientNorm());
            assertThat(other.before()[0]).isCloseTo(retraining.before()[0], within(1e-8));
            Edit edit = Edit.remove("two", 1, 2);
            assertThat(other.run(edit).after()[0])
                .isCloseTo(retraining.run(edit).after()[0], within(1e-8));
          }
        });
  }

  @Test
  void nothingChangesNothing() {
    open(
        ParameterSubset.W,
        (explanation, retraining) -> {
          Outcome same = retraining.run(Edit.reweight("same", 1, 4, 5));
          assertThat(same.after()).isEqualTo(same.before());
          assertThat(same.steps()).isZero();
          Outcome own = retraining.run(Edit.relabel("own", Map.of(4L, y[4])));
          assertThat(own.change(0)).isZero();
        });
  }

  @Test
  void badEdits() {
    open(
        ParameterSubset.W,
        (explanation, retraining) -> {
          refused(() -> retraining.run(Edit.remove(N)))
              .hasMessage("remove 40: sample 40 is outside 0..39; give training rows");
          refused(
              () -> retraining.run(Edit.relabel("new", Map.of(1L, 4L))),
              "sample 1 gets label 4",
              "classes 0..3");
          refused(
              () -> Retraining.of(explanation, List.of(), ReconvergenceOptions.defaults()),
              "nothing to measure");
        });
  }

  /** The budget is asked at every product, in the base solve too. */
  @Test
  void givenUp() {
    open(
        ParameterSubset.W,
        (explanation, retraining) -> {
          int[] asked = {0};
          assertThat(retraining.run(Edit.remove(3), () -> ++asked[0] > 5)).isNull();
          assertThat(asked[0]).isBetween(6, 12);
          assertThat(retraining.run(Edit.remove(3), () -> false).after())
              .isEqualTo(retraining.run(Edit.remove(3)).after());
          List<Probe> probes = List.of(Probe.of(PAIR));
          try (Retraining cut = Retraining.of(explanation, probes, OPTIONS.until(() -> true))) {
            assertThat(cut.base().status()).isEqualTo(SolveOutcome.Status.OUT_OF_BUDGET);
            assertThat(cut.base().products()).isZero();
          }
        });
  }

  @Test
  void interrupted() {
    open(
        ParameterSubset.W,
        (explanation, retraining) -> {
          Thread.currentThread().interrupt();
          assertThatThrownBy(() -> retraining.run(Edit.remove(3)))
              .isInstanceOf(CancelledException.class);
          assertThat(Thread.interrupted()).isTrue();
        });
  }
}
