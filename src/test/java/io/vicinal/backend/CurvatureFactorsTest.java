package io.vicinal.backend;

import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kronecker factors, diagonals and self influence against products with unit directions. */
class CurvatureFactorsTest {
  private static final LossSpec SOFTMAX = new LossSpec("proxy-nca-pp", Map.of("scale", 3.0));
  private static final LossSpec ARCFACE =
      new LossSpec("arcface", Map.of("scale", 16.0, "margin-degrees", 20.0));
  private static final int N = 23;
  private static final int D = 5;
  private static final int C = 4;

  @AutoClose private static final Backend backend = TestDevice.open();
  @AutoClose private final Arena arena = Arena.host();
  private final SplittableRandom random = new SplittableRandom(9);

  private Tensor random(DType type, long... shape) {
    return Filled.uniform(arena, type, random, shape);
  }

  private Backend.Curvature curvature(LossSpec spec, Tensor features) {
    DType type = features.dtype();
    long[] classes = new long[N];
    double[] weights = new double[N];
    for (int i = 0; i < N; i++) {
      classes[i] = i % C;
      weights[i] = 0.5 * (i % 4);
    }
    Tensor w = arena.allocate(type, N);
    w.set(weights);
    return backend.curvature(
        spec,
        C,
        features,
        new Targets(arena.of(classes, N), w, null),
        new HeadTensors(random(type, D, features.dim(1)), null, random(type, C, D)));
  }

  /** The columns of a curvature matrix over the weight, or over the proxies. */
  private double[] matrix(
      Backend.Curvature at, CurvatureKind kind, DType type, long rows, long width, boolean proxy) {
    int size = (int) (rows * width);
    Tensor unit = arena.allocate(type, size, rows, width);
    double[] ones = new double[size * size];
    for (int i = 0; i < size; i++) {
      ones[i * size + i] = 1;
    }
    unit.set(ones);
    Tensor out = arena.allocate(type, size, rows, width);
    Directions from = proxy ? new Directions(null, unit) : new Directions(unit, null);
    at.products(kind, from, null, proxy ? new Directions(null, out) : new Directions(out, null));
    return out.toDoubles();
  }

  private static double[] diagonalOf(double[] matrix) {
    int size = (int) Math.round(Math.sqrt(matrix.length));
    double[] diagonal = new double[size];
    for (int i = 0; i < size; i++) {
      diagonal[i] = matrix[i * size + i];
    }
    return diagonal;
  }

  private static void near(Tensor actual, double[] expected) {
    double tolerance = actual.dtype() == DType.F32 ? 1e-4 : 1e-12;
    assertThat(actual.toDoubles()).containsExactly(expected, within(tolerance));
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void diagonalsAreThoseOfTheMatrices(DType type) {
    Tensor features = random(type, N, 6);
    try (Backend.Curvature at = curvature(SOFTMAX, features)) {
      for (CurvatureKind kind : CurvatureKind.values()) {
        Tensor weight = arena.allocate(type, D, 6);
        Tensor proxies = arena.allocate(type, C, D);
        at.diagonal(kind, weight, proxies);
        near(weight, diagonalOf(matrix(at, kind, type, D, 6, false)));
        near(proxies, diagonalOf(matrix(at, CurvatureKind.GAUSS_NEWTON, type, C, D, true)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void withOneConstantFeatureTheOutputFactorIsTheMatrix(DType type) {
    Tensor ones = arena.allocate(type, N, 1);
    double[] values = new double[N];
    Arrays.fill(values, 1);
    ones.set(values);
    try (Backend.Curvature at = curvature(SOFTMAX, ones)) {
      Tensor output = arena.allocate(type, D, D);
      at.factors(null, output);
      near(output, matrix(at, CurvatureKind.GAUSS_NEWTON, type, D, 1, false));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void featureFactorIsTheWeightedSecondMoment(DType type) {
    Tensor features = random(type, N, 3);
    double[] x = features.toDoubles();
    double[] expected = new double[9];
    for (int i = 0; i < N; i++) {
      for (int t = 0; t < 9; t++) {
        expected[t] += 0.5 * (i % 4) * x[3 * i + t / 3] * x[3 * i + t % 3] / N;
      }
    }
    try (Backend.Curvature at = curvature(ARCFACE, features)) { // no softmax is needed
      Tensor factor = arena.allocate(type, 3, 3);
      at.factors(factor, null);
      near(factor, expected);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void selfInfluenceIsTheQuadraticFormOfTheGradient(DType type) {
    Tensor features = random(type, N, 6);
    double[] x = features.toDoubles();
    Tensor inverse = random(type, D, 6);
    double[] values = inverse.toDoubles();
    try (Backend.Curvature at = curvature(ARCFACE, features)) {
      Tensor gradients = arena.allocate(type, N, D);
      at.sampleGradients(null, gradients);
      double[] g = gradients.toDoubles();
      double[] expected = new double[N];
      for (int i = 0; i < N; i++) {
        for (int a = 0; a < D; a++) {
          for (int b = 0; b < 6; b++) {
            expected[i] += Math.pow(g[i * D + a] * x[i * 6 + b], 2) * values[a * 6 + b];
          }
        }
      }
      Tensor out = arena.allocate(DType.F64, N);
      at.selfInfluence(inverse, out);
      for (int i = 0; i < N; i++) {
        double size = 1 + Math.abs(expected[i]);
        assertThat(out.at(i))
            .isCloseTo(expected[i], within((type == DType.F32 ? 1e-4 : 1e-11) * size));
      }
    }
  }

  @Test
  void refusalsNameOperationAndArgument() {
    Tensor features = random(DType.F64, N, 6);
    Tensor weight = arena.allocate(DType.F64, D, 6);
    Tensor square = arena.allocate(DType.F64, D, D);
    try (Backend.Curvature at = curvature(ARCFACE, features)) {
      refusedAt(() -> at.factors(square, null), "factors: feature factor has shape");
      refusedAt(() -> at.factors(null, square), "factors: output_factor: arcface is no softmax");
      refusedAt(() -> at.factors(null, null), "factors: feature_factor and output_factor");
      refusedAt(
          () -> at.diagonal(CurvatureKind.GAUSS_NEWTON, weight, null),
          "diagonal: kind: arcface is no softmax");
      refusedAt(
          () -> at.diagonal(CurvatureKind.FISHER, square, null), "diagonal: weight has shape");
      refusedAt(() -> at.selfInfluence(weight, weight), "self influence: out has shape");
    }
  }
}
