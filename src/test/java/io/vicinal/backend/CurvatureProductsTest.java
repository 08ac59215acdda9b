package io.vicinal.backend;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The binding of many directions at one curvature; the numbers are the native tests' business. */
class CurvatureProductsTest {
  private static final LossSpec SOFTMAX = new LossSpec("proxy-nca-pp", Map.of("scale", 3.0));
  private static final LossSpec ANCHOR =
      new LossSpec("proxy-anchor", Map.of("alpha", 32.0, "margin", 0.1));
  private static final int N = 23;
  private static final int WIDTH = 6;
  private static final int D = 5;
  private static final int C = 4;

  @AutoClose private static final Backend backend = TestDevice.open();
  @AutoClose private final Arena arena = Arena.host();
  private final SplittableRandom random = new SplittableRandom(7);
  private Tensor features;
  private Tensor labels;
  private HeadTensors head;

  @BeforeEach
  void make() {
    make(DType.F64);
  }

  private void make(DType type) {
    features = random(type, N, WIDTH);
    long[] classes = new long[N];
    for (int i = 0; i < N; i++) {
      classes[i] = i % C;
    }
    labels = arena.of(classes, N);
    head = new HeadTensors(random(type, D, WIDTH), null, random(type, C, D));
  }

  private Tensor random(DType type, long... shape) {
    return Filled.uniform(arena, type, random, shape);
  }

  private Backend.Curvature curvature(LossSpec spec) {
    return backend.curvature(spec, C, features, Targets.of(labels), head);
  }

  private static double dot(double[] a, double[] b, int from, int size) {
    double sum = 0;
    for (int i = from; i < from + size; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void productsAreHvpsSideBySide(DType type) {
    make(type);
    int m = 3;
    Directions v = new Directions(random(type, m, D, WIDTH), random(type, m, C, D));
    Directions out =
        new Directions(arena.allocate(type, m, D, WIDTH), arena.allocate(type, m, C, D));
    HeadTensors one =
        new HeadTensors(arena.allocate(type, D, WIDTH), null, arena.allocate(type, C, D));
    try (Backend.Curvature at = curvature(SOFTMAX)) {
      at.products(CurvatureKind.HESSIAN, v, null, out);
      for (int q = 0; q < m; q++) {
        at.hvp(
            new HeadTensors(
                v.weight().rows(q, q + 1).reshape(D, WIDTH),
                null,
                v.proxies().rows(q, q + 1).reshape(C, D)),
            one);
        double tolerance = type == DType.F32 ? 1e-4 : 1e-12;
        assertThat(out.weight().rows(q, q + 1).toDoubles())
            .containsExactly(one.weight().toDoubles(), within(tolerance));
        assertThat(out.proxies().rows(q, q + 1).toDoubles())
            .containsExactly(one.proxies().toDoubles(), within(tolerance));
      }
    }
  }

  @Test
  void fisherIsTheMeanSquaredScoreAndGaussNewtonIsPositive() {
    int m = 2;
    Directions v = new Directions(random(DType.F64, m, D, WIDTH), random(DType.F64, m, C, D));
    Directions out =
        new Directions(arena.allocate(DType.F64, m, D, WIDTH), arena.allocate(DType.F64, m, C, D));
    Tensor scores = arena.allocate(DType.F64, m, N);
    try (Backend.Curvature at = curvature(SOFTMAX)) {
      at.scores(v, scores);
      for (CurvatureKind kind :
          new CurvatureKind[] {CurvatureKind.FISHER, CurvatureKind.GAUSS_NEWTON}) {
        at.products(kind, v, null, out);
        for (int q = 0; q < m; q++) {
          double form =
              dot(v.weight().toDoubles(), out.weight().toDoubles(), q * D * WIDTH, D * WIDTH)
                  + dot(v.proxies().toDoubles(), out.proxies().toDoubles(), q * C * D, C * D);
          double[] row = scores.rows(q, q + 1).toDoubles();
          double mean = dot(row, row, 0, N) / N;
          if (kind == CurvatureKind.FISHER) {
            assertThat(form).isCloseTo(mean, within(1e-12 * mean));
          } else {
            assertThat(form).isPositive();
          }
        }
      }
    }
  }

  @Test
  void aRemovedSampleIsARemovedSample() {
    Directions v = new Directions(random(DType.F64, 2, D, WIDTH), null);
    Tensor all = arena.allocate(DType.F64, 2, D, WIDTH);
    Tensor without = arena.allocate(DType.F64, 2, D, WIDTH);
    WeightChanges changes =
        new WeightChanges(new long[] {0, 0, 2}, new long[] {3, 8}, new double[] {-1, -1});
    try (Backend.Curvature at = curvature(SOFTMAX)) {
      at.products(CurvatureKind.HESSIAN, v, null, new Directions(all, null));
      at.products(CurvatureKind.HESSIAN, v, changes, new Directions(without, null));
    }
    double[] weights = new double[N];
    java.util.Arrays.fill(weights, 1);
    weights[3] = 0;
    weights[8] = 0;
    Tensor expected = arena.allocate(DType.F64, 2, D, WIDTH);
    Targets targets = new Targets(labels, arena.of(weights, N), null);
    try (Backend.Curvature at = backend.curvature(SOFTMAX, C, features, targets, head)) {
      at.products(CurvatureKind.HESSIAN, v, null, new Directions(expected, null));
    }
    int size = D * WIDTH;
    for (int j = 0; j < size; j++) {
      assertThat(without.at(j)).isEqualTo(all.at(j));
      assertThat(without.at(size + j)).isCloseTo(expected.at(size + j), within(1e-13));
    }
    assertThat(without.toDoubles()).isNotEqualTo(all.toDoubles());
  }

  @Test
  void scoresAreInnerProductsWithTheSamplesGradients() {
    Tensor v = random(DType.F64, 1, D, WIDTH);
    Tensor scores = arena.allocate(DType.F64, 1, N);
    Tensor gradients = arena.allocate(DType.F64, N, D);
    Tensor units = arena.allocate(DType.F64, N, D);
    try (Backend.Curvature at = curvature(SOFTMAX)) {
      at.scores(new Directions(v, null), scores);
      at.sampleGradients(units, gradients);
    }
    for (int i = 0; i < N; i++) {
      double sum = 0;
      double norm = 0;
      for (int a = 0; a < D; a++) {
        norm += units.at(i * D + a) * units.at(i * D + a);
        for (int b = 0; b < WIDTH; b++) {
          sum += gradients.at(i * D + a) * v.at(a * WIDTH + b) * features.at(i * WIDTH + b);
        }
      }
      assertThat(scores.at(i)).isCloseTo(sum, within(1e-12));
      assertThat(norm).isCloseTo(1, within(1e-12));
    }
  }

  @Test
  void tablesSplitAScoreByProxyAndSayWhatAnotherLabelWouldDo() {
    Directions v = new Directions(random(DType.F64, 1, D, WIDTH), null);
    Tensor scores = arena.allocate(DType.F64, 1, N);
    Tensor other = arena.allocate(DType.F64, 1, N);
    Tensor byProxy = arena.allocate(DType.F64, 5, C);
    Tensor relabel = arena.allocate(DType.F64, 5, C);
    long from = 9;
    try (Backend.Curvature at = curvature(SOFTMAX)) {
      at.scores(v, scores);
      at.tables(v, from, byProxy, relabel);
    }
    long[] moved = labels.toLongs();
    moved[11] = (moved[11] + 1) % C;
    Targets changed = Targets.of(arena.of(moved, N));
    try (Backend.Curvature at = backend.curvature(SOFTMAX, C, features, changed, head)) {
      at.scores(v, other);
    }
    for (int i = 0; i < 5; i++) {
      assertThat(dot(byProxy.rows(i, i + 1).toDoubles(), new double[] {1, 1, 1, 1}, 0, C))
          .isCloseTo(scores.at(from + i), within(1e-12));
      assertThat(relabel.at(i * C + labels.longAt(from + i))).isZero();
    }
    assertThat(relabel.at(2 * C + moved[11]))
        .isCloseTo(other.at(11) - scores.at(11), within(1e-12));
  }

  @Test
  void lossChangeIsTheDifferenceOfTwoEvaluations() {
    Tensor left = random(DType.F64, 2, D);
    Tensor right = random(DType.F64, 2, WIDTH);
    Tensor change = arena.allocate(DType.F64, N);
    Tensor before = arena.allocate(DType.F64, N);
    Tensor after = arena.allocate(DType.F64, N);
    try (Backend.Curvature at = curvature(SOFTMAX)) {
      at.lossChange(left, right, change);
    }
    HeadTensors none = new HeadTensors(null, null, null);
    Targets targets = Targets.of(labels);
    backend.headGradient(SOFTMAX, C, features, targets, head, before, none);
    double[] weight = head.weight().toDoubles();
    for (int r = 0; r < 2; r++) {
      for (int j = 0; j < weight.length; j++) {
        weight[j] += left.at(r * D + j / WIDTH) * right.at(r * WIDTH + j % WIDTH);
      }
    }
    HeadTensors there = new HeadTensors(arena.of(weight, D, WIDTH), null, head.proxies());
    backend.headGradient(SOFTMAX, C, features, targets, there, after, none);
    for (int i = 0; i < N; i++) {
      assertThat(change.at(i)).isCloseTo(after.at(i) - before.at(i), within(1e-12));
    }
  }

  @Test
  void refusalsNameTheArgument() {
    Tensor v = random(DType.F64, 2, D, WIDTH);
    Tensor out = arena.allocate(DType.F64, 2, D, WIDTH);
    Directions direction = new Directions(v, null);
    Directions to = new Directions(out, null);
    CurvatureKind hessian = CurvatureKind.HESSIAN;
    try (Backend.Curvature at = curvature(SOFTMAX);
        Backend.Curvature anchor = curvature(ANCHOR)) {
      refused(() -> at.products(hessian, new Directions(null, null), null, to), "direction");
      refused(
          () -> at.products(hessian, new Directions(v.reshape(2 * D, WIDTH), null), null, to),
          "direction of the weight");
      refused(() -> at.products(hessian, direction, null, new Directions(null, null)), "product");
      refused(() -> at.products(hessian, direction, null, direction), "overlaps");
      refused(
          () -> at.products(hessian, direction, changes(new long[] {0, 1}, 3), to),
          "weight changes");
      refused(
          () -> at.products(hessian, direction, changes(new long[] {0, 0, 1}, N), to),
          "change_ids");
      refused(
          () -> anchor.products(hessian, direction, changes(new long[] {0, 0, 1}, 3), to),
          "proxy-anchor");
      refused(
          () -> anchor.products(CurvatureKind.GAUSS_NEWTON, direction, null, to), "Gauss-Newton");
      refused(() -> anchor.products(CurvatureKind.FISHER, direction, null, to), "Fisher");
      refused(() -> at.scores(direction, arena.allocate(DType.F32, 2, N)), "scores");
      refused(() -> at.scores(direction, arena.allocate(DType.F64, 1, N)), "scores");
      refused(() -> anchor.sampleGradients(null, arena.allocate(DType.F64, N, D)), "proxy-anchor");
      refused(() -> at.sampleGradients(null, null), "units");
      Tensor table = arena.allocate(DType.F64, 4, C);
      Directions one = new Directions(v.rows(0, 1), null);
      refused(() -> at.tables(direction, 0, table, null), "several directions");
      refused(() -> at.tables(one, 0, null, null), "output");
      refused(() -> at.tables(one, N - 3, table, null), "from");
      refused(() -> at.tables(one, -1, table, null), "from");
      refused(() -> anchor.tables(one, 0, table, null), "softmax");
      Tensor left = random(DType.F64, 1, D);
      Tensor right = random(DType.F64, 1, WIDTH);
      Tensor change = arena.allocate(DType.F64, N);
      refused(() -> at.lossChange(right, right, change), "left");
      refused(() -> at.lossChange(left, left, change), "right");
      refused(() -> anchor.lossChange(left, right, change), "proxy-anchor");
    }
  }

  private static WeightChanges changes(long[] offsets, long id) {
    return new WeightChanges(offsets, new long[] {id}, new double[] {-1});
  }
}
