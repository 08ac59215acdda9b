package io.vicinal.kit;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Update;
import io.vicinal.backend.UpdateRule;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Products, vectors, rows and optimisers. */
final class VectorChecks {
  private VectorChecks() {}

  static void run(Comparison c, DType type, Precision precision) {
    c.check("embed " + type, precision, side -> embed(side, type));
    c.check("gemm " + type, precision, side -> gemm(side, type));
    c.check("symmetric eigen " + type, precision, side -> eigen(side, type));
    c.check("dots, axpy, xpby, multiply " + type, precision, side -> vectors(side, type));
    for (UpdateRule rule : UpdateRule.values()) {
      String name = rule.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      c.check(name + " " + type, precision, side -> steps(side, type, rule));
    }
    c.check("averages " + type, precision, side -> averages(side, type));
    c.check("clip, lowest, reciprocal, find non-finite " + type, precision, side -> limits(side, type));
    c.check("gather rows " + type, precision, side -> gather(side, type));
    c.check("normalise rows " + type, precision, side -> normalise(side, type));
  }

  static void embed(Side side, DType type) {
    int n = side.size("N", 1);
    int width = side.size("D", 1);
    int d = side.size("d", 1);
    Tensor bias = side.pick("bias", 0, 1) == 1 ? side.normal(type, d) : null;
    HeadTensors head = new HeadTensors(side.normal(type, d, width), bias, null);
    side.backend().embed(side.normal(type, n, width), head, side.out("embeddings", type, n, d));
  }

  private static void gemm(Side side, DType type) {
    int m = side.size("m", 1);
    int n = side.size("n", 1);
    int k = side.size("k", 1);
    Tensor a = side.normal(type, m, k);
    side.backend().gemm(N, T, a, side.normal(type, n, k), side.out("c", type, m, n));
  }

  /** Vectors have no sign or order where values are close; what they make up again has. */
  private static void eigen(Side side, DType type) {
    int n = side.size("n", 1);
    double[] square = side.gaussian((long) n * n, 1);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        square[i * n + j] = square[j * n + i];
      }
    }
    Tensor matrix = side.of(type, square, n, n);
    Tensor values = side.out("values", type, n);
    side.backend().symmetricEigen(matrix, values);
    double[] vectors = matrix.toDoubles();
    double[] lambda = values.toDoubles();
    double[] again = new double[n * n];
    for (int k = 0; k < n; k++) {
      for (int i = 0; i < n; i++) {
        double left = lambda[k] * vectors[k * n + i];
        for (int j = 0; j < n; j++) {
          again[i * n + j] += left * vectors[k * n + j];
        }
      }
    }
    side.keep("the matrix from its vectors", again);
  }

  private static void vectors(Side side, DType type) {
    Backend backend = side.backend();
    int m = side.pick("m", 1, 4);
    int d = side.size("d", 1);
    int width = side.size("D", 1);
    Tensor x = side.normal(type, m, d, width);
    Tensor y = side.normal(type, m, d, width);
    Tensor z = side.normal(type, m, d, width);
    side.keep("dots", backend.dots(x, y));
    backend.axpy(side.gaussian(m, 1), x, y);
    backend.xpby(x, side.gaussian(m, 1), z);
    Tensor shared = side.normal(type, d, width);
    backend.multiply(shared, x, side.out("multiply", type, m, d, width));
    backend.multiply(shared, x, x);
    side.keep("axpy", y);
    side.keep("xpby", z);
    side.keep("multiply in place", x);
  }

  private static void steps(Side side, DType type, UpdateRule rule) {
    int n = side.size("n", 1);
    int columns = side.size("columns", 1);
    List<Tensor> tensors = new ArrayList<>();
    List<Update> updates = new ArrayList<>();
    for (int step = 1; step <= 3; step++) {
      List<String> names = new ArrayList<>(List.of("parameter", "gradient"));
      names.addAll(rule.states());
      if (step == 1) {
        names.forEach(name -> tensors.add(side.of(type, new double[n * columns], n, columns)));
        tensors.set(0, side.normal(type, n, columns));
      }
      tensors.set(1, side.normal(type, n, columns));
      boolean adam = rule == UpdateRule.ADAM || rule == UpdateRule.ADAMW;
      Update.Clip clip = step == 2 ? new Update.Clip(0.5, 0, 0) : new Update.Clip(0, 1, 3);
      updates.clear();
      updates.add(
          new Update(names, tensors, step, 1e-2, 0.1, 1e-3, adam ? 0 : 0.9, 0.9, 0.99, clip));
      double norm = side.backend().update(rule, updates).gradientNorm();
      side.keep("norm", norm);
    }
    for (int i = 0; i < tensors.size(); i++) {
      if (i != 1) {
        side.keep(updates.get(0).names().get(i), tensors.get(i));
      }
    }
  }

  private static void averages(Side side, DType type) {
    Tensor average = side.normal(type, side.size("n", 1));
    Tensor value = side.normal(type, (int) average.dim(0));
    side.backend().average(0.1, List.of(average), List.of(value));
    side.keep("average", average);
  }

  private static void limits(Side side, DType type) {
    int n = side.size("n", 1);
    int columns = side.size("columns", 1);
    double[] values = side.gaussian((long) n * columns, 2);
    side.keepExact("none", side.backend().findNonFinite(side.of(type, values, n, columns)));
    values[side.pick("at", 0, values.length - 1)] = Double.NaN;
    values[side.pick("at", 0, values.length - 1)] = Double.NEGATIVE_INFINITY;
    Tensor x = side.of(type, values, n, columns);
    side.keepExact("first", side.backend().findNonFinite(x));
    side.backend().clip(x, -1.5, 1.5);
    side.keep("clipped", x);
    Tensor finite = side.of(type, side.gaussian((long) n * columns, 2), n, columns);
    side.keep("lowest", new double[] {side.backend().lowest(finite)});
    side.backend().reciprocal(9, finite, side.out("reciprocal", type, n, columns));
  }

  private static void gather(Side side, DType type) {
    int n = side.size("N", 1);
    int rows = side.size("n", 1);
    int columns = side.size("columns", 1);
    Tensor values = side.normal(type, n, columns);
    Tensor ids = side.ids(rows, n);
    side.backend().gatherRows(values, ids, side.out("rows", type, rows, columns));
  }

  private static void normalise(Side side, DType type) {
    int n = side.size("n", 1);
    int columns = side.size("columns", 1);
    double[] values = side.gaussian((long) n * columns, 1);
    int zero = side.pick("zero row", 0, n - 1);
    Arrays.fill(values, zero * columns, (zero + 1) * columns, 0);
    Tensor x = side.of(type, values, n, columns);
    side.backend().normalizeRows(x, side.out("unit rows", type, n, columns));
    side.backend().normalizeRows(x, x);
    side.keep("unit rows in place", x);
  }
}
