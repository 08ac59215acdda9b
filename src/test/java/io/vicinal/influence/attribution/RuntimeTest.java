package io.vicinal.influence.attribution;

import static io.vicinal.influence.attribution.LinearEstimatorsTest.near;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.problem.Dense;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.influence.problem.ProblemOptions;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.solve.Damping;
import io.vicinal.influence.solve.Progress;
import io.vicinal.loss.ProxyNcaPlusPlus;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * The original's two methods on the head of the digits, from the same cached features: its
 * recursion as it runs there, a product and an update for each sample and then a gradient for each,
 * against its walk and against the recursion of many queries at once. Phases are timed apart, after
 * a call that warms up: 100 milliseconds and more a query for the first, about one for the others.
 */
class RuntimeTest {
  private static final int QUERIES = 16;
  private static final OperatingSystemMXBean PROCESS =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** What {@link #PROCESS} counts in hundredths of a second is measured over many of them. */
  private static final double MEASURED_SECONDS = 0.3;

  /** Seconds of the processor that a call takes, over all threads: neighbours do not count. */
  private static double seconds(Runnable work) {
    work.run();
    long start = PROCESS.getProcessCpuTime();
    for (int calls = 1; ; calls++) {
      work.run();
      double spent = (PROCESS.getProcessCpuTime() - start) / 1e9;
      if (spent >= MEASURED_SECONDS) {
        return spent / calls;
      }
    }
  }

  @Test
  void theRecursionInALoopIsSlowerThanTheWalkAndThanManyQueriesAtOnce() {
    try (Digits digits = new Digits(new ProxyNcaPlusPlus());
        HeadProblem problem =
            HeadProblem.open(
                digits.backend, digits.model, ProblemOptions.defaults().with(DType.F64));
        Explanation e =
            Explanation.open(
                problem,
                digits.test,
                Damping.multiple(10, problem),
                ExplanationOptions.defaults());
        Arena arena = Arena.host()) {
      List<Query> queries = digits.queries(QUERIES, 0);
      List<Query> one = queries.subList(0, 1);
      double[] v = slope(e, problem.reference(), one.get(0), arena);
      Supplier<double[]> recursion = () -> recursion(problem, v);
      double[] h = recursion.get();
      double loop = seconds(recursion::get);
      double products = seconds(() -> scores(problem, h));
      double walk = seconds(() -> Estimators.of("eif").scores(e, one, Progress.NONE));
      double together =
          seconds(() -> Estimators.of("if-seed").scores(e, queries, Progress.NONE)) / QUERIES;
      assertThat(loop).as("products a sample").isGreaterThan(3 * walk);
      assertThat(products).as("gradients a sample").isGreaterThan(together);
      assertThat(together).as("a query among many").isLessThan(0.1 * loop);

      Scores scores = Estimators.of("if-seed").scores(e, one, Progress.NONE);
      double factor = (double) scores.diagnostics().get(0).more().get(Diagnostics.ORIGINAL_FACTOR);
      near(
          Arrays.stream(scores.values()[0]).map(s -> factor * s).toArray(),
          scores(problem, h),
          1e-8);
    }
  }

  private static double[] slope(Explanation e, HeadTensors at, Query query, Arena arena) {
    Tensor v = arena.allocate(DType.F64, at.weight().shape());
    e.test().expand(TestSet.gradient(query.measurement(), e.embeddings(List.of(query), at)), v);
    return v.toDoubles();
  }

  /** h after one pass over the samples in order, divided by the scale. */
  private static double[] recursion(HeadProblem problem, double[] v) {
    HeadTensors at = problem.reference();
    double[] h = v.clone();
    try (Arena arena = Arena.host()) {
      Tensor direction = arena.allocate(DType.F64, at.weight().shape());
      Tensor product = arena.allocate(DType.F64, at.weight().shape());
      for (long i = 0; i < problem.samples(); i++) {
        direction.set(h);
        try (Backend.Curvature sample =
            problem
                .backend()
                .curvature(
                    problem.spec(),
                    problem.classes(),
                    problem.features().rows(i, i + 1),
                    Targets.of(problem.labels().rows(i, i + 1)),
                    at)) {
          sample.hvp(new HeadTensors(direction, null, null), new HeadTensors(product, null, null));
        }
        double[] moved = product.toDoubles();
        Arrays.setAll(h, k -> v[k] + 0.99 * h[k] - moved[k] / 500);
      }
    }
    return Arrays.stream(h).map(value -> value / 500).toArray();
  }

  /** {@code -<h, dL_i>}, a gradient a sample. */
  private static double[] scores(HeadProblem problem, double[] h) {
    HeadTensors at = problem.reference();
    double[] scores = new double[Math.toIntExact(problem.samples())];
    try (Arena arena = Arena.host()) {
      Tensor gradient = arena.allocate(DType.F64, at.weight().shape());
      for (int i = 0; i < scores.length; i++) {
        problem
            .backend()
            .headGradient(
                problem.spec(),
                problem.classes(),
                problem.features().rows(i, i + 1L),
                Targets.of(problem.labels().rows(i, i + 1L)),
                at,
                null,
                new HeadTensors(gradient, null, null));
        scores[i] = -Dense.dot(h, gradient.toDoubles());
      }
    }
    return scores;
  }
}
