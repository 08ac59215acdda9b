package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Products between blocks of vectors, [m, ...] seen as matrices [m, n]. Safe for any thread. */
final class BlockProducts {
  private final ParameterSpace space;

  BlockProducts(ParameterSpace space) {
    this.space = space;
  }

  /** a b' [m, k]: inner products of every vector of a with every one of b. */
  double[][] gram(Directions a, Directions b) {
    int m = (int) ParameterSpace.count(a);
    int k = (int) ParameterSpace.count(b);
    double[][] out = new double[m][k];
    try (Arena scratch = new Arena(space.backend().memory())) {
      List<Tensor> left = parts(a, m);
      List<Tensor> right = parts(b, k);
      for (int part = 0; part < left.size(); part++) {
        Tensor product = scratch.allocate(space.dtype(), m, k);
        space.backend().gemm(left.get(part), right.get(part), product);
        double[] values = product.toDoubles();
        for (int i = 0; i < m * k; i++) {
          out[i / k][i % k] += values[i];
        }
      }
    }
    return out;
  }

  /** out_i = sum_j c_ij v_j, with v {@link #transposed}. */
  void combine(double[][] c, Directions across, Directions out) {
    try (Arena scratch = new Arena(space.backend().memory())) {
      Tensor factors = factors(c, scratch);
      List<Tensor> to = parts(out, c.length);
      space.backend().gemm(factors, across.weight(), to.get(0));
      if (to.size() > 1) {
        space.backend().gemm(factors, across.proxies(), to.get(1));
      }
    }
  }

  /** The same, transposed like v. */
  Directions combineAcross(double[][] c, Directions across, Arena arena) {
    try (Arena scratch = new Arena(space.backend().memory())) {
      Tensor factors = factors(c, scratch);
      return new Directions(
          product(across.weight(), factors, arena),
          across.proxies() == null ? null : product(across.proxies(), factors, arena));
    }
  }

  private Tensor product(Tensor a, Tensor b, Arena arena) {
    Tensor out = arena.allocate(space.dtype(), a.dim(0), b.dim(0));
    space.backend().gemm(a, b, out);
    return out;
  }

  private Tensor factors(double[][] c, Arena arena) {
    Tensor factors = arena.allocate(space.dtype(), c.length, c[0].length);
    double[] flat = new double[c.length * c[0].length];
    for (int i = 0; i < c.length; i++) {
      System.arraycopy(c[i], 0, flat, i * c[0].length, c[0].length);
    }
    factors.set(flat);
    return factors;
  }

  /** A block's parts as matrices [n, m]. */
  Directions transposed(Directions v, Arena arena) {
    List<Tensor> parts = parts(v, ParameterSpace.count(v));
    return new Directions(
        Columns.transposed(parts.get(0), arena),
        parts.size() > 1 ? Columns.transposed(parts.get(1), arena) : null);
  }

  /** The vectors [m, ...] of a transposed block. */
  Directions upright(Directions across, Arena arena) {
    long m = across.weight().dim(1);
    Directions out = space.zeros(arena, m);
    List<Tensor> to = parts(out, m);
    Columns.transpose(across.weight(), to.get(0));
    if (to.size() > 1) {
      Columns.transpose(across.proxies(), to.get(1));
    }
    return out;
  }

  private static List<Tensor> parts(Directions v, long rows) {
    List<Tensor> parts = new ArrayList<>();
    parts.add(v.weight().reshape(rows, v.weight().size() / rows));
    if (v.proxies() != null) {
      parts.add(v.proxies().reshape(rows, v.proxies().size() / rows));
    }
    return parts;
  }
}
