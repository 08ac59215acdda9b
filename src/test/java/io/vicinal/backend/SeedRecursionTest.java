package io.vicinal.backend;

import static io.vicinal.Refusal.refusedAt;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The recursion over the samples against a loop of one-sample Hessian products. */
class SeedRecursionTest {
  private static final LossSpec LOSS = new LossSpec("proxy-nca-pp", Map.of("scale", 3.0));
  private static final int N = 17;
  private static final int D = 4;
  private static final int WIDTH = 6;
  private static final int C = 3;
  private final SplittableRandom random = new SplittableRandom(11);

  private Tensor random(Arena arena, DType type, long... shape) {
    return Filled.uniform(arena, type, random, shape);
  }

  private static Tensor labels(Arena arena) {
    long[] labels = new long[N];
    for (int i = 0; i < N; i++) {
      labels[i] = i % C;
    }
    return arena.of(labels, N);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void isTheLoopOverSamples(DType type) {
    int m = 3;
    int size = D * WIDTH;
    try (Backend backend = TestDevice.open();
        Arena arena = Arena.host()) {
      Tensor x = random(arena, type, N, WIDTH);
      Tensor y = labels(arena);
      HeadTensors at =
          new HeadTensors(random(arena, type, D, WIDTH), null, random(arena, type, C, D));
      Tensor left = random(arena, type, m, D, 2);
      Tensor right = random(arena, type, 2, WIDTH);
      Tensor h = arena.allocate(type, m, D, WIDTH);
      try (Backend.Curvature curvature = backend.curvature(LOSS, C, x, Targets.of(y), at)) {
        curvature.seedRecursion(0.05, 40, left, right, h);
      }
      double[] start = new double[m * size];
      for (int j = 0; j < start.length; j++) {
        for (int r = 0; r < 2; r++) {
          start[j] += left.at(j / WIDTH * 2 + r) * right.at((long) r * WIDTH + j % WIDTH);
        }
      }
      double[] state = start.clone();
      Tensor direction = arena.allocate(type, m, D, WIDTH);
      Tensor product = arena.allocate(type, m, D, WIDTH);
      for (int i = 0; i < N; i++) {
        direction.set(state);
        try (Backend.Curvature one =
            backend.curvature(LOSS, C, x.rows(i, i + 1), Targets.of(y.rows(i, i + 1)), at)) {
          one.products(
              CurvatureKind.HESSIAN,
              new Directions(direction, null),
              null,
              new Directions(product, null));
        }
        double[] hv = product.toDoubles();
        for (int j = 0; j < m * size; j++) {
          state[j] = start[j] + 0.95 * state[j] - hv[j] / 40;
        }
      }
      double tolerance = type == DType.F32 ? 2e-4 : 1e-11;
      assertThat(h.toDoubles()).containsExactly(state, within(tolerance));
    }
  }

  @Test
  void refusalsNameOperationAndArgument() {
    try (Backend backend = TestDevice.open();
        Arena arena = Arena.host()) {
      Tensor x = random(arena, DType.F64, N, WIDTH);
      HeadTensors at =
          new HeadTensors(random(arena, DType.F64, D, WIDTH), null, random(arena, DType.F64, C, D));
      Tensor left = random(arena, DType.F64, 1, D, WIDTH);
      Tensor right = random(arena, DType.F64, WIDTH, WIDTH);
      Tensor h = arena.allocate(DType.F64, 1, D, WIDTH);
      try (Backend.Curvature c = backend.curvature(LOSS, C, x, Targets.of(labels(arena)), at)) {
        refusedAt(() -> c.seedRecursion(2, 500, left, right, h), "seed recursion: damping is 2;");
        refusedAt(() -> c.seedRecursion(0.01, 500, x, right, h), "seed recursion: left has shape");
        refusedAt(
            () -> c.seedRecursion(0.01, 500, left, right, left), "seed recursion: h overlaps left");
      }
    }
  }
}
