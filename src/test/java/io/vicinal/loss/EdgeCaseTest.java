package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.backend.Backend;
import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The meanings that are fixed once, for every registered loss, in both types: zero vectors, one
 * class, one sample, weights.
 */
class EdgeCaseTest {
  @AutoClose private static final Backend backend = Backend.cpu();
  @AutoClose private final Arena arena = Arena.host();

  record Problem(Loss loss, DType type) {}

  static Stream<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    for (Loss loss : Variants.all()) {
      problems.add(new Problem(loss, DType.F32));
      problems.add(new Problem(loss, DType.F64));
    }
    return problems.stream();
  }

  /** One evaluation with everything that there is to ask for. */
  private final class Evaluation {
    final LossValue value;
    final double[] perSample;
    final double[] gradEmbeddings;
    final double[] gradProxies;
    final double[] hvpEmbeddings;
    final double[] hvpProxies;

    Evaluation(
        Problem problem,
        int d,
        int classes,
        double[] e,
        long[] labels,
        double[] p,
        double[] weights,
        double[] soft) {
      DType type = problem.type;
      Tensor embeddings = tensor(type, e, labels.length, d);
      Tensor proxies = tensor(type, p, (long) classes * problem.loss.centers(), d);
      Targets targets =
          new Targets(
              arena.of(labels, labels.length),
              weights == null ? null : tensor(type, weights, labels.length),
              soft == null ? null : tensor(type, soft, labels.length, classes));
      Tensor samples = problem.loss.decomposes() ? poisoned(type, labels.length) : null;
      Tensor gradE = poisoned(type, labels.length, d);
      Tensor gradP = poisoned(type, proxies.dim(0), d);
      value =
          backend.loss(
              problem.loss.spec(), classes, embeddings, targets, proxies, samples, gradE, gradP);
      perSample = samples == null ? null : samples.toDoubles();
      gradEmbeddings = gradE.toDoubles();
      gradProxies = gradP.toDoubles();
      Tensor direction = tensor(type, normal(7, e.length), labels.length, d);
      Tensor proxyDirection = tensor(type, normal(8, p.length), proxies.dim(0), d);
      Tensor outE = poisoned(type, labels.length, d);
      Tensor outP = poisoned(type, proxies.dim(0), d);
      backend.lossHvp(
          problem.loss.spec(),
          classes,
          embeddings,
          targets,
          proxies,
          direction,
          proxyDirection,
          outE,
          outP);
      hvpEmbeddings = outE.toDoubles();
      hvpProxies = outP.toDoubles();
    }

    void isFinite() {
      assertThat(value.loss()).isFinite();
      for (double[] all : new double[][] {gradEmbeddings, gradProxies, hvpEmbeddings, hvpProxies}) {
        assertThat(DoubleStream.of(all).allMatch(Double::isFinite)).isTrue();
      }
      if (perSample != null) {
        assertThat(DoubleStream.of(perSample).allMatch(Double::isFinite)).isTrue();
      }
    }
  }

  private Tensor tensor(DType type, double[] values, long... shape) {
    return Filled.of(arena, type, values, shape);
  }

  /** An output that shows what was not written. */
  private Tensor poisoned(DType type, long... shape) {
    Tensor tensor = arena.allocate(type, shape);
    double[] values = new double[(int) tensor.size()];
    Arrays.fill(values, Double.NaN);
    tensor.set(values);
    return tensor;
  }

  private static double[] normal(long seed, int n) {
    SplittableRandom random = new SplittableRandom(seed);
    return DoubleStream.generate(random::nextGaussian).limit(n).toArray();
  }

  /** Of either sign. */
  private static void assertZero(double[] values) {
    assertThat(DoubleStream.of(values).map(Math::abs).toArray()).containsOnly(0);
  }

  private static double tolerance(Problem problem) {
    return problem.type == DType.F32 ? 2e-5 : 1e-12;
  }

  @ParameterizedTest
  @MethodSource("problems")
  void zeroVectorsHaveNoGradientAndNoCurvature(Problem problem) {
    int d = 4;
    int rows = 3 * problem.loss.centers();
    double[] e = normal(1, 5 * d);
    Arrays.fill(e, d, 2 * d, 0);
    double[] p = normal(2, rows * d);
    Arrays.fill(p, 0, d, 0);
    Evaluation result = new Evaluation(problem, d, 3, e, new long[] {0, 1, 2, 0, 1}, p, null, null);
    result.isFinite();
    assertZero(Arrays.copyOfRange(result.gradEmbeddings, d, 2 * d));
    assertZero(Arrays.copyOfRange(result.hvpEmbeddings, d, 2 * d));
    assertZero(Arrays.copyOfRange(result.gradProxies, 0, d));
    assertZero(Arrays.copyOfRange(result.hvpProxies, 0, d));
  }

  @ParameterizedTest
  @MethodSource("problems")
  void anEmbeddingOnItsProxyIsFinite(Problem problem) {
    int d = 3;
    int centers = problem.loss.centers();
    double[] p = normal(3, 2 * centers * d);
    double[] e = new double[2 * d];
    System.arraycopy(p, 0, e, 0, d);
    for (int j = 0; j < d; j++) {
      e[d + j] = -2 * p[centers * d + j]; // and one opposite to its proxy
    }
    new Evaluation(problem, d, 2, e, new long[] {0, 1}, p, null, null).isFinite();
  }

  @ParameterizedTest
  @MethodSource("problems")
  void oneSampleAndOneClass(Problem problem) {
    int centers = problem.loss.centers();
    Evaluation one =
        new Evaluation(
            problem, 3, 1, normal(4, 3), new long[] {0}, normal(5, 3 * centers), null, null);
    one.isFinite();
    boolean excludes = Boolean.TRUE.equals(problem.loss.params().get("exclude-positive"));
    assertThat(one.value.empty()).isEqualTo(excludes ? 1 : 0);
    if (problem.loss.decomposes() && !problem.loss.name().equals("proxy-anchor")) {
      // A softmax over one class is certain.
      assertThat(one.perSample[0]).isCloseTo(0, within(tolerance(problem)));
      assertThat(DoubleStream.of(one.gradEmbeddings).map(Math::abs).max().getAsDouble())
          .isLessThan(tolerance(problem));
    }
    new Evaluation(problem, 3, 5, normal(4, 3), new long[] {3}, normal(6, 15 * centers), null, null)
        .isFinite();
  }

  @ParameterizedTest
  @MethodSource("problems")
  void perSampleValuesAverageToTheLoss(Problem problem) {
    int d = 4;
    int b = 6;
    double[] weights = {0, 1, 0.5, 2, 1, 3};
    long[] labels = {0, 1, 2, 2, 1, 0};
    double[] p = normal(2, 3 * problem.loss.centers() * d);
    Evaluation plain = new Evaluation(problem, d, 3, normal(1, b * d), labels, p, null, null);
    double[] ones = new double[b];
    Arrays.fill(ones, 1);
    Evaluation unit = new Evaluation(problem, d, 3, normal(1, b * d), labels, p, ones, null);
    double scale = Math.abs(plain.value.loss()) + 1;
    assertThat(unit.value.loss()).isCloseTo(plain.value.loss(), within(tolerance(problem) * scale));
    if (plain.perSample == null) {
      return;
    }
    Evaluation weighted = new Evaluation(problem, d, 3, normal(1, b * d), labels, p, weights, null);
    assertThat(weighted.perSample)
        .as("per-sample values are not weighted")
        .isEqualTo(plain.perSample);
    double mean = DoubleStream.of(plain.perSample).sum() / b;
    double weightedMean = 0;
    for (int i = 0; i < b; i++) {
      weightedMean += weights[i] * plain.perSample[i] / b;
    }
    // A regulariser is outside per-sample values and weights: the same difference in both.
    double regulariser = plain.value.loss() - mean;
    boolean regularised =
        problem.loss instanceof SoftTriple soft && soft.centers() > 1 && soft.tau() > 0;
    assertThat(Math.abs(regulariser) > 1e-3).isEqualTo(regularised);
    assertThat(weighted.value.loss())
        .isCloseTo(weightedMean + regulariser, within(tolerance(problem) * 3 * scale));
    assertZero(Arrays.copyOf(weighted.gradEmbeddings, d));
  }

  @ParameterizedTest
  @MethodSource("problems")
  void oneHotSoftLabelsAreLabels(Problem problem) {
    if (!problem.loss.acceptsSoftLabels()) {
      return;
    }
    long[] labels = {0, 2, 1};
    double[] oneHot = {1, 0, 0, 0, 0, 1, 0, 1, 0};
    double[] p = normal(2, 9);
    Evaluation hard = new Evaluation(problem, 3, 3, normal(1, 9), labels, p, null, null);
    Evaluation soft = new Evaluation(problem, 3, 3, normal(1, 9), new long[3], p, null, oneHot);
    double near = tolerance(problem) * 10;
    assertThat(soft.value.loss()).isCloseTo(hard.value.loss(), within(near));
    assertThat(soft.gradEmbeddings).containsExactly(hard.gradEmbeddings, within(near));
    assertThat(soft.gradProxies).containsExactly(hard.gradProxies, within(near));
  }

  @Test
  void detachedProxiesAreConstants() {
    Loss attached = Losses.create("proxy-anchor");
    Loss detached = Losses.create("proxy-anchor", Map.of("detach-proxies", "true"));
    double[] e = normal(1, 12);
    double[] p = normal(2, 9);
    long[] labels = {0, 1, 2, 0};
    Evaluation with =
        new Evaluation(new Problem(attached, DType.F64), 3, 3, e, labels, p, null, null);
    Evaluation without =
        new Evaluation(new Problem(detached, DType.F64), 3, 3, e, labels, p, null, null);
    assertThat(without.value.loss()).isEqualTo(with.value.loss());
    assertThat(without.gradEmbeddings).isEqualTo(with.gradEmbeddings);
    assertZero(without.gradProxies);
    assertZero(without.hvpProxies);
  }
}
