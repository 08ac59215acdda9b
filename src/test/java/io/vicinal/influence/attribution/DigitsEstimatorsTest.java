package io.vicinal.influence.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.influence.solve.Reconvergence;
import io.vicinal.influence.solve.ReconvergenceOptions;
import io.vicinal.influence.solve.SolveOptions;
import io.vicinal.influence.solve.SolveOutcome;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.statistics.Correlation;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Findings of the original's world on real images: digits, trained on five classes. */
class DigitsEstimatorsTest {
  private static Digits digits;
  private static HeadProblem problem;

  @BeforeAll
  static void open() {
    digits = new Digits(new ProxyNcaPlusPlus());
    problem =
        HeadProblem.open(digits.backend, digits.model, ProblemOptions.defaults().with(DType.F64));
  }

  @AfterAll
  static void close() {
    problem.close();
    digits.close();
  }

  private static Explanation explain(double multiple) {
    ExplanationOptions options =
        new ExplanationOptions(
            SolveOptions.defaults().withTolerance(1e-6),
            ReconvergenceOptions.defaults().withTolerance(1e-9));
    return Explanation.open(problem, digits.test, Damping.multiple(multiple, problem), options);
  }

  @Test
  void aModelWorthExplaining() {
    assertThat(digits.confusions.recall()).isBetween(0.8, 0.999);
    assertThat(digits.confusions.pairs().size()).isGreaterThan(10);
  }

  /**
   * On a head that is trained out, whose curvature is small beside a damping of 5. Stopped early,
   * after 150 steps, the two agree less: 0.6 to 0.95.
   */
  @Test
  void gradientProductsRankAsTheOriginalRecursion() {
    List<Query> queries = digits.queries(8, 2);
    try (Explanation e = explain(10)) {
      Scores gradient = Estimators.of("gradient").scores(e, queries, Progress.NONE);
      Scores seed = Estimators.of("if-seed").scores(e, queries, Progress.NONE);
      for (int q = 0; q < queries.size(); q++) {
        assertThat(Correlation.spearman(gradient.values()[q], seed.values()[q]))
            .as(queries.get(q).id())
            .isGreaterThan(0.99);
      }
    }
  }

  @Test
  void gradientIsTheFiniteDifferenceOfLossesAlongIt() {
    List<Query> queries = digits.queries(2, 1);
    double step = 1e-5;
    try (Explanation e = explain(10);
        Arena arena = Arena.host()) {
      Scores gradient = Estimators.of("gradient").scores(e, queries, Progress.NONE);
      HeadTensors at = problem.reference();
      for (int q = 0; q < queries.size(); q++) {
        Tensor v = arena.allocate(DType.F64, at.weight().shape());
        e.test()
            .expand(
                TestSet.gradient(
                    queries.get(q).measurement(), e.embeddings(List.of(queries.get(q)), at)),
                v);
        double[] above = losses(arena, at, v, step);
        double[] below = losses(arena, at, v, -step);
        double factor =
            (double) gradient.diagnostics().get(q).more().get(Diagnostics.ORIGINAL_FACTOR);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < above.length; i++) {
          double difference = -(above[i] - below[i]) / (2 * step);
          largest = Math.max(largest, Math.abs(difference));
          worst = Math.max(worst, Math.abs(factor * gradient.values()[q][i] - difference));
        }
        assertThat(worst).isLessThan(1e-6 * largest);
      }
    }
  }

  private static double[] losses(Arena arena, HeadTensors at, Tensor v, double step) {
    Tensor weight = arena.allocate(DType.F64, at.weight().shape());
    double[] moved = at.weight().toDoubles();
    double[] direction = v.toDoubles();
    Arrays.setAll(moved, k -> moved[k] + step * direction[k]);
    weight.set(moved);
    Tensor losses = arena.allocate(DType.F64, problem.samples());
    problem
        .backend()
        .headGradient(
            problem.spec(),
            problem.classes(),
            problem.features(),
            problem.targets(),
            new HeadTensors(weight, at.bias(), at.proxies()),
            losses,
            new HeadTensors(null, null, null));
    return losses.toDoubles();
  }

  /**
   * Both of the original's methods call mostly the same samples harmful, with opposite signs: more
   * than 80 % on average. Walks that end at the threshold of 1, a quarter of the scale, are no
   * longer infinitesimal and agree less than short ones.
   */
  @Test
  void harmfulSetsOfBothOriginalsOverlap() {
    List<Query> queries = digits.queries(8, 2);
    try (Explanation e = explain(10)) {
      Scores eif = Estimators.of("eif").scores(e, queries, Progress.NONE);
      Scores seed = Estimators.of("if-seed").scores(e, queries, Progress.NONE);
      double mean = 0;
      for (int q = 0; q < queries.size(); q++) {
        double overlap = overlap(eif.sets(q).harmful(), seed.sets(q).harmful());
        assertThat(overlap).as(queries.get(q).id()).isGreaterThan(0.7);
        mean += overlap / queries.size();
        assertThat((double) eif.diagnostics().get(q).more().get(Diagnostics.ORIGINAL_FACTOR))
            .isPositive();
        assertThat((double) seed.diagnostics().get(q).more().get(Diagnostics.ORIGINAL_FACTOR))
            .isNegative();
      }
      assertThat(mean).isGreaterThan(0.8);
    }
  }

  /** Share of the larger set. */
  private static double overlap(long[] a, long[] b) {
    Set<Long> both = new HashSet<>(Arrays.stream(a).boxed().toList());
    both.retainAll(Arrays.stream(b).boxed().toList());
    return (double) both.size() / Math.max(a.length, b.length);
  }

  @Test
  void zeroAndNaNAreInNeitherSet() {
    SignedSets sets = SignedSets.of(new double[] {1, 0, -2, Double.NaN, -0.0, 3});
    assertThat(sets.harmful()).containsExactly(0, 5);
    assertThat(sets.helpful()).containsExactly(2);
  }

  @Test
  void newtonStepsPredictReSolving() {
    List<Query> queries = digits.queries(2, 1);
    try (Explanation e = explain(30);
        Arena arena = Arena.host()) {
      Scores newton = new NewtonLoo(0, 4).scores(e, queries, Progress.NONE);
      int[] candidates =
          IntStream.range(0, (int) problem.samples())
              .filter(i -> !Double.isNaN(newton.values()[0][i]))
              .toArray();
      assertThat(candidates.length).isBetween(4, 12);
      HeadTensors at = e.convergence(Progress.NONE).head();
      double[][] actual = new double[queries.size()][candidates.length];
      double[][] predicted = new double[queries.size()][candidates.length];
      for (int j = 0; j < candidates.length; j++) {
        double[] ones = new double[(int) problem.samples()];
        Arrays.fill(ones, 1);
        ones[candidates[j]] = 0;
        SolveOutcome refit =
            Reconvergence.run(
                problem,
                e.damping().lambda(),
                new Targets(problem.labels(), arena.of(ones, ones.length), null),
                at,
                e.options().reconvergence(),
                arena);
        for (int q = 0; q < actual.length; q++) {
          actual[q][j] =
              e.test().value(queries.get(q).measurement(), refit.head())
                  - e.test().value(queries.get(q).measurement(), at);
          predicted[q][j] = newton.values()[q][candidates[j]];
        }
      }
      for (int q = 0; q < actual.length; q++) {
        assertThat(Correlation.pearson(predicted[q], actual[q]))
            .as(queries.get(q).id())
            .isGreaterThan(0.99);
      }
    }
  }
}
