package io.vicinal.backend.engine;

import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * The vector and dense-matrix operations of {@link EngineBackend}: rows of m vectors [m, ...], one
 * scalar per row. Safe for any number of threads.
 */
final class EngineVectors {
  private final EnginePool pool;

  EngineVectors(EnginePool pool) {
    this.pool = pool;
  }

  /** Starts the checks of an operation whose tensor {@code x} has the shape [m, ...]. */
  private static Arguments rows(String operation, Tensor x) {
    Arguments a = new Arguments(operation, "x", x);
    if (x.shape().rank() == 0 || x.size() == 0) {
      throw a.problem("x", "has shape " + x.shape() + " where rows [m, ...] are expected");
    }
    return a;
  }

  private static void scalars(Arguments a, String name, double[] values, long m) {
    if (values == null || values.length != m) {
      throw a.problem(
          name,
          "has "
              + (values == null ? "no values" : "length " + values.length)
              + " where "
              + m
              + " are expected, one for each row");
    }
  }

  double[] dots(Tensor x, Tensor y) {
    Arguments a = rows("dots", x);
    a.in("x", x, x.shape().dims()).in("y", y, x.shape().dims());
    long m = x.dim(0);
    long n = x.size() / m;
    try (Arena arena = Arena.host()) {
      Tensor out = arena.allocate(DType.F64, m);
      pool.run(
          a,
          a.type() == DType.F32
              ? e -> Vicinal.vicinal_dots_f32(e.handle(), m, n, At.f32(x), At.f32(y), At.f64(out))
              : e -> Vicinal.vicinal_dots_f64(e.handle(), m, n, At.f64(x), At.f64(y), At.f64(out)));
      return out.toDoubles();
    }
  }

  void axpy(double[] alpha, Tensor x, Tensor y) {
    Arguments a = rows("axpy", x);
    a.in("x", x, x.shape().dims()).out("y", y, x.shape().dims());
    long m = x.dim(0);
    long n = x.size() / m;
    scalars(a, "alpha", alpha, m);
    try (Arena arena = Arena.host()) {
      Tensor f = arena.of(alpha, m);
      pool.run(
          a,
          a.type() == DType.F32
              ? e -> Vicinal.vicinal_axpy_f32(e.handle(), m, n, At.f64(f), At.f32(x), At.f32(y))
              : e -> Vicinal.vicinal_axpy_f64(e.handle(), m, n, At.f64(f), At.f64(x), At.f64(y)));
    }
  }

  void xpby(Tensor x, double[] beta, Tensor y) {
    Arguments a = rows("xpby", x);
    a.in("x", x, x.shape().dims()).out("y", y, x.shape().dims());
    long m = x.dim(0);
    long n = x.size() / m;
    scalars(a, "beta", beta, m);
    try (Arena arena = Arena.host()) {
      Tensor f = arena.of(beta, m);
      pool.run(
          a,
          a.type() == DType.F32
              ? e -> Vicinal.vicinal_xpby_f32(e.handle(), m, n, At.f32(x), At.f64(f), At.f32(y))
              : e -> Vicinal.vicinal_xpby_f64(e.handle(), m, n, At.f64(x), At.f64(f), At.f64(y)));
    }
  }

  void multiply(Tensor shared, Tensor x, Tensor out) {
    Arguments a = rows("multiply", x);
    long[] row = new long[x.shape().rank() - 1];
    for (int i = 0; i < row.length; i++) {
      row[i] = x.dim(i + 1);
    }
    a.in("shared", shared, row);
    boolean inPlace = out != null && out.address() == x.address();
    if (!inPlace) {
      a.in("x", x, x.shape().dims());
    }
    a.out("out", out, x.shape().dims());
    long m = x.dim(0);
    long n = x.size() / m;
    pool.run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_multiply_f32(
                    e.handle(), m, n, At.f32(shared), At.f32(x), At.f32(out))
            : e ->
                Vicinal.vicinal_multiply_f64(
                    e.handle(), m, n, At.f64(shared), At.f64(x), At.f64(out)));
  }

  void gemm(Tensor left, Tensor right, Tensor out) {
    Arguments a = new Arguments("gemm", "a", left);
    a.matrix("a", left);
    a.matrix("b", right);
    long m = left.dim(0);
    long n = right.dim(0);
    long k = left.dim(1);
    a.in("b", right, n, k).out("c", out, m, n);
    pool.run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_gemm_f32(
                    e.handle(), m, n, k, At.f32(left), At.f32(right), At.f32(out))
            : e ->
                Vicinal.vicinal_gemm_f64(
                    e.handle(), m, n, k, At.f64(left), At.f64(right), At.f64(out)));
  }

  void symmetricEigen(Tensor matrix, Tensor values) {
    Arguments a = new Arguments("symmetric eigen", "matrix", matrix);
    if (matrix.shape().rank() != 2 || matrix.dim(0) != matrix.dim(1)) {
      throw a.problem(
          "matrix", "has shape " + matrix.shape() + " where a square matrix is expected");
    }
    long n = matrix.dim(0);
    a.out("matrix", matrix, n, n).out("values", values, n);
    pool.run(
        a,
        a.type() == DType.F32
            ? e ->
                Vicinal.vicinal_symmetric_eigen_f32(e.handle(), n, At.f32(matrix), At.f32(values))
            : e ->
                Vicinal.vicinal_symmetric_eigen_f64(e.handle(), n, At.f64(matrix), At.f64(values)));
  }
}
