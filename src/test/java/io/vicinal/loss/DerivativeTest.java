package io.vicinal.loss;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Finite differences in double precision, through the backend, for every registered loss: gradients
 * against values, exact Hessian-vector products against gradients; the loss alone and below a
 * linear head.
 *
 * <p>The five-point stencil with step h errs by h^4 f^(5) / 30 and rounds by 1e-16 f / h. With h =
 * 3e-5 and logits of up to 64 cosines both stay below 1e-8 of the largest derivative; 1e-6 is
 * asked.
 */
class DerivativeTest {
  private static final double STEP = 3e-5;
  private static final double TOLERANCE = 1e-6;
  private static final int B = 7;
  private static final int D = 6;
  private static final int WIDTH = 5;
  private static final int CLASSES = 4;

  @AutoClose private static final Backend backend = Backend.cpu();

  /** A loss with one way to weight its samples. */
  record Problem(Loss loss, boolean weighted, boolean soft) {
    @Override
    public String toString() {
      return loss + (weighted ? " weights" : "") + (soft ? " soft labels" : "");
    }
  }

  static Stream<Problem> problems() {
    List<Problem> problems = new ArrayList<>();
    for (Loss loss : Variants.all()) {
      problems.add(new Problem(loss, false, false));
      problems.add(new Problem(loss, true, false));
      if (loss.acceptsSoftLabels()) {
        problems.add(new Problem(loss, true, true));
      }
    }
    return problems.stream();
  }

  /** Parameters of one check as one vector, cut into tensors of fixed shapes. */
  private static final class Point {
    final Arena arena;
    final List<Tensor> parts = new ArrayList<>();

    Point(Arena arena, long[]... shapes) {
      this.arena = arena;
      for (long[] shape : shapes) {
        parts.add(arena.allocate(DType.F64, shape));
      }
    }

    int size() {
      return (int) parts.stream().mapToLong(Tensor::size).sum();
    }

    Point set(double[] values) {
      int from = 0;
      for (Tensor part : parts) {
        part.set(Arrays.copyOfRange(values, from, from + (int) part.size()));
        from += (int) part.size();
      }
      return this;
    }

    double[] get() {
      return parts.stream().flatMapToDouble(part -> Arrays.stream(part.toDoubles())).toArray();
    }

    Tensor part(int i) {
      return parts.get(i);
    }
  }

  private static Targets targets(Problem problem, SplittableRandom random, Arena arena) {
    long[] labels = {0, 1, 2, 0, 2, 1, 0}; // class 3 is absent
    Tensor weights = problem.weighted ? arena.of(uniform(random, B, 0, 2), B) : null;
    Tensor soft = problem.soft ? arena.of(uniform(random, B * CLASSES, 0, 1), B, CLASSES) : null;
    return new Targets(arena.of(labels, B), weights, soft);
  }

  @ParameterizedTest
  @MethodSource("problems")
  void lossAlone(Problem problem) {
    SplittableRandom random = new SplittableRandom(problem.toString().hashCode());
    LossSpec spec = problem.loss.spec();
    long[][] shapes = {{B, WIDTH}, {(long) CLASSES * problem.loss.centers(), WIDTH}};
    try (Arena arena = Arena.host()) {
      Targets targets = targets(problem, random, arena);
      Point at = new Point(arena, shapes);
      Point gradient = new Point(arena, shapes);
      Point direction = new Point(arena, shapes);
      Point product = new Point(arena, shapes);
      double[] x = normal(random, at.size());
      double[] v = normal(random, at.size());
      Function<double[], Double> value =
          y ->
              backend
                  .loss(spec, CLASSES, at.set(y).part(0), targets, at.part(1), null, null, null)
                  .loss();
      Function<double[], double[]> slope =
          y -> {
            backend.loss(
                spec,
                CLASSES,
                at.set(y).part(0),
                targets,
                at.part(1),
                null,
                gradient.part(0),
                gradient.part(1));
            return gradient.get();
          };
      direction.set(v);
      at.set(x);
      backend.lossHvp(
          spec,
          CLASSES,
          at.part(0),
          targets,
          at.part(1),
          direction.part(0),
          direction.part(1),
          product.part(0),
          product.part(1));
      compare(problem, value, slope, x, v, product.get());
    }
  }

  @ParameterizedTest
  @MethodSource("problems")
  void belowAHead(Problem problem) {
    SplittableRandom random = new SplittableRandom(problem.toString().hashCode() + 1);
    LossSpec spec = problem.loss.spec();
    long[][] shapes = {{WIDTH, D}, {WIDTH}, {(long) CLASSES * problem.loss.centers(), WIDTH}};
    try (Arena arena = Arena.host()) {
      Targets targets = targets(problem, random, arena);
      Tensor features = arena.of(normal(random, B * D), B, D);
      Point at = new Point(arena, shapes);
      Point gradient = new Point(arena, shapes);
      Point direction = new Point(arena, shapes);
      Point product = new Point(arena, shapes);
      double[] x = normal(random, at.size());
      double[] v = normal(random, at.size());
      HeadTensors none = new HeadTensors(null, null, null);
      Function<double[], Double> value =
          y ->
              backend
                  .headGradient(spec, CLASSES, features, targets, head(at.set(y)), null, none)
                  .loss();
      Function<double[], double[]> slope =
          y -> {
            backend.headGradient(
                spec, CLASSES, features, targets, head(at.set(y)), null, head(gradient));
            return gradient.get();
          };
      try (Backend.Curvature curvature =
          backend.curvature(spec, CLASSES, features, targets, head(at.set(x)))) {
        curvature.hvp(head(direction.set(v)), head(product));
      }
      compare(problem, value, slope, x, v, product.get());
    }
  }

  private static HeadTensors head(Point point) {
    return new HeadTensors(point.part(0), point.part(1), point.part(2));
  }

  private static void compare(
      Problem problem,
      Function<double[], Double> value,
      Function<double[], double[]> slope,
      double[] x,
      double[] v,
      double[] product) {
    double[] gradient = slope.apply(x);
    double[] numeric = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      double[] axis = new double[x.length];
      axis[i] = 1;
      numeric[i] = derivative(y -> new double[] {value.apply(y)}, x, axis)[0];
    }
    near(problem + " gradient", gradient, numeric);
    near(problem + " Hessian-vector product", product, derivative(slope, x, v));
  }

  /** Five-point stencil of f along v. */
  private static double[] derivative(Function<double[], double[]> f, double[] x, double[] v) {
    double[] p1 = f.apply(moved(x, v, STEP));
    double[] p2 = f.apply(moved(x, v, 2 * STEP));
    double[] m1 = f.apply(moved(x, v, -STEP));
    double[] m2 = f.apply(moved(x, v, -2 * STEP));
    double[] result = new double[p1.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (8 * (p1[i] - m1[i]) - (p2[i] - m2[i])) / (12 * STEP);
    }
    return result;
  }

  private static double[] moved(double[] x, double[] v, double step) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] + step * v[i];
    }
    return y;
  }

  private static void near(String what, double[] actual, double[] numeric) {
    double scale = 0;
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      scale = Math.max(scale, Math.abs(numeric[i]));
      worst = Math.max(worst, Math.abs(actual[i] - numeric[i]));
    }
    assertThat(scale).as(what + " is not trivially zero").isGreaterThan(1e-6);
    assertThat(worst <= TOLERANCE * scale)
        .as(String.format(Locale.ROOT, "%s: worst error %.3g of %.3g", what, worst, scale))
        .isTrue();
  }

  private static double[] normal(SplittableRandom random, int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextGaussian();
    }
    return values;
  }

  private static double[] uniform(SplittableRandom random, int n, double from, double to) {
    return random.doubles(n, from, to).toArray();
  }
}
