package io.vicinal.backend;

import static io.vicinal.Refusal.refusedAt;
import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Filled;
import io.vicinal.tensor.Tensor;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Vectors of solvers and dense matrices, against values worked out by hand, in both types. */
class VectorOperationsTest {
  @AutoClose private static final Backend backend = TestDevice.open();
  @AutoClose private final Arena arena = Arena.host();

  private Tensor tensor(DType type, double[] values, long... shape) {
    return Filled.of(arena, type, values, shape);
  }

  private static void near(Tensor actual, double... expected) {
    double tolerance = actual.dtype() == DType.F32 ? 1e-6 : 1e-14;
    assertThat(actual.toDoubles()).containsExactly(expected, within(tolerance));
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void rowsHaveTheirOwnScalars(DType type) {
    Tensor x = tensor(type, new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2);
    Tensor y = tensor(type, new double[] {1, 0, -1, 0, 2, 2, 2, 2}, 2, 2, 2);
    assertThat(backend.dots(x, y)).containsExactly(-2, 52);
    assertThat(backend.dots(x, x)).containsExactly(30, 174);
    backend.axpy(new double[] {2, -1}, x, y);
    near(y, 3, 4, 5, 8, -3, -4, -5, -6);
    backend.xpby(x, new double[] {0.5, 2}, y);
    near(y, 2.5, 4, 5.5, 8, -1, -2, -3, -4);
    Tensor out = arena.allocate(type, 2, 2, 2);
    Tensor shared = tensor(type, new double[] {0, 1, -1, 10}, 2, 2);
    backend.multiply(shared, y, out);
    near(out, 0, 4, -5.5, 80, 0, -2, 3, -40);
    backend.multiply(shared, y, y);
    near(y, out.toDoubles());
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void gemmIsATimesBTransposed(DType type) {
    Tensor a = tensor(type, new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Tensor b = tensor(type, new double[] {1, 0, -1, 2, 2, 2}, 2, 3);
    Tensor c = arena.allocate(type, 2, 2);
    backend.gemm(N, T, a, b, c);
    near(c, -2, 12, -2, 30);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void eigenvectorsAreRowsAscendingWithAPositiveLargestComponent(DType type) {
    Tensor a = tensor(type, new double[] {2, -1, 0, -1, 2.5, 0, 0, 0, 10}, 3, 3);
    Tensor values = arena.allocate(type, 3);
    backend.symmetricEigen(a, values);
    double root = Math.sqrt(1.0625);
    near(values, 2.25 - root, 2.25 + root, 10);
    double first = (2.25 + root - 2) / Math.hypot(1, 2.25 + root - 2); // largest is component 0
    double second = 1 / Math.hypot(1, 2.25 + root - 2);
    near(a, first, second, 0, -second, first, 0, 0, 0, 1);
  }

  @Test
  void refusalsNameOperationAndArgument() {
    Tensor x = arena.allocate(DType.F64, 2, 3);
    Tensor y = arena.allocate(DType.F64, 2, 3);
    Tensor other = arena.allocate(DType.F64, 3, 2);
    Tensor single = arena.allocate(DType.F32, 2, 3);
    refusedAt(() -> backend.dots(x, other), "dots: y has shape");
    refusedAt(() -> backend.dots(arena.allocate(DType.F64), y), "dots: x has shape");
    refusedAt(() -> backend.dots(null, y), "dots: x is missing");
    refusedAt(() -> backend.axpy(null, x, y), "axpy: alpha is missing");
    refusedAt(() -> backend.xpby(x, null, y), "xpby: beta is missing");
    refusedAt(() -> backend.axpy(new double[] {1}, null, y), "axpy: x is missing");
    refusedAt(() -> backend.axpy(new double[] {1}, x, y), "axpy: alpha has length 1 where 2");
    refusedAt(() -> backend.axpy(new double[] {1, 1}, x, x), "axpy: y overlaps x");
    refusedAt(() -> backend.axpy(new double[] {1, Double.NaN}, x, y), "axpy: alpha[1] is nan");
    refusedAt(() -> backend.xpby(x, new double[] {1, 1}, single), "xpby: y is F32");
    refusedAt(() -> backend.multiply(other, x, y), "multiply: shared has shape");
    refusedAt(() -> backend.gemm(N, T, x, other, y), "gemm: b has shape");
    refusedAt(() -> backend.symmetricEigen(x, y), "symmetric eigen: matrix has shape");
    Tensor square = tensor(DType.F64, new double[] {1, 2, 2, Double.NaN}, 2, 2);
    refusedAt(
        () -> backend.symmetricEigen(square, arena.allocate(DType.F64, 2)),
        "symmetric eigen: matrix[1, 1] is ");
  }
}
