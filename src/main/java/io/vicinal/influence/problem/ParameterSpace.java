package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The vectors of a problem: m directions at once, each a weight [d, D] and, if proxies are
 * analysed, proxies [C*K, d]. One row of a block is one vector; operations with one factor per row
 * keep the rows' recurrences independent. Immutable, safe for any thread; what it writes to belongs
 * to the caller.
 *
 * @param proxyRows C*K, or 0 if proxies are constants
 */
public record ParameterSpace(
    Backend backend, DType dtype, long width, long features, long proxyRows) {

  /** Number of parameters. */
  public long dimension() {
    return width * features + proxyRows * width;
  }

  /** Bytes of one vector. */
  public long bytes() {
    return dimension() * dtype.bytes();
  }

  /** The same space in another type. */
  ParameterSpace as(DType other) {
    return new ParameterSpace(backend, other, width, features, proxyRows);
  }

  /** m vectors of zeros. */
  public Directions zeros(Arena arena, long m) {
    return new Directions(
        arena.allocate(dtype, m, width, features),
        proxyRows == 0 ? null : arena.allocate(dtype, m, proxyRows, width));
  }

  /** A view of vectors {@code from} (inclusive) to {@code to} (exclusive). */
  public static Directions rows(Directions block, long from, long to) {
    return new Directions(rows(block.weight(), from, to), rows(block.proxies(), from, to));
  }

  private static Tensor rows(Tensor tensor, long from, long to) {
    return tensor == null ? null : tensor.rows(from, to);
  }

  /** Number of vectors of a block. */
  public static long count(Directions block) {
    return (block.weight() != null ? block.weight() : block.proxies()).dim(0);
  }

  /** Copies a block, converting its type; a missing part is zero. */
  public void copy(Directions from, Directions to) {
    copy(from.weight(), to.weight());
    copy(from.proxies(), to.proxies());
  }

  private void copy(Tensor from, Tensor to) {
    if (to == null) {
      return;
    }
    if (from != null) {
      to.copyFrom(from);
    } else {
      clear(to);
    }
  }

  private static void clear(Tensor to) {
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(64 << 10, to.byteSize()));
    for (long at = 0; at < to.byteSize(); at += zeros.limit()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), to.byteSize() - at));
      to.write(at, zeros);
    }
  }

  /** Inner products of the rows of two blocks. */
  public double[] dots(Directions a, Directions b) {
    double[] sums = backend.dots(a.weight(), b.weight());
    if (proxyRows > 0) {
      double[] more = backend.dots(a.proxies(), b.proxies());
      for (int q = 0; q < sums.length; q++) {
        sums[q] += more[q];
      }
    }
    return sums;
  }

  /** Euclidean norms of the rows. */
  public double[] norms(Directions a) {
    return Arrays.stream(dots(a, a)).map(Math::sqrt).toArray();
  }

  /** y_q += alpha_q x_q. */
  public void axpy(double[] alpha, Directions x, Directions y) {
    backend.axpy(alpha, x.weight(), y.weight());
    if (proxyRows > 0) {
      backend.axpy(alpha, x.proxies(), y.proxies());
    }
  }

  /** y_q += alpha x_q. */
  public void axpy(double alpha, Directions x, Directions y) {
    double[] all = new double[(int) count(x)];
    Arrays.fill(all, alpha);
    axpy(all, x, y);
  }

  /** y_q = x_q + beta_q y_q. */
  public void xpby(Directions x, double[] beta, Directions y) {
    backend.xpby(x.weight(), beta, y.weight());
    if (proxyRows > 0) {
      backend.xpby(x.proxies(), beta, y.proxies());
    }
  }

  /** out_q = diagonal * x_q element by element; out may be x. */
  public void multiply(Diagonal diagonal, Directions x, Directions out) {
    backend.multiply(diagonal.weight(), x.weight(), out.weight());
    if (proxyRows > 0) {
      backend.multiply(diagonal.proxies(), x.proxies(), out.proxies());
    }
  }

  /** A head moved along one vector: parameters + scale * step; what is not analysed is shared. */
  public HeadTensors moved(HeadTensors from, Directions step, double scale, Arena arena) {
    Tensor weight = moved(from.weight(), step.weight(), scale, arena);
    Tensor proxies =
        step.proxies() == null
            ? from.proxies()
            : moved(from.proxies(), step.proxies(), scale, arena);
    return new HeadTensors(weight, from.bias(), proxies);
  }

  private Tensor moved(Tensor from, Tensor step, double scale, Arena arena) {
    Tensor to = arena.allocate(dtype, from.shape());
    to.copyFrom(from);
    long[] dims = from.shape().dims();
    backend.axpy(
        new double[] {scale}, step.reshape(1, dims[0], dims[1]), to.reshape(1, dims[0], dims[1]));
    return to;
  }

  /** A head's analysed parameters as a block of one vector, sharing their memory. */
  public Directions vector(HeadTensors head) {
    return new Directions(
        head.weight().reshape(1, width, features),
        proxyRows == 0 ? null : head.proxies().reshape(1, proxyRows, width));
  }
}
