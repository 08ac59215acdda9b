package io.vicinal.influence.problem;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Transpose;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * The change of basis between a delivered head and the problem that is solved: the bias becomes the
 * weight's last column, and rotations turn features and embeddings into the axes where EK-FAC is
 * diagonal. With orthogonal Phi (rows) and U (rows):
 *
 * <pre>
 *   x -&gt; Phi x     W -&gt; U W Phi'     b -&gt; U b     p -&gt; U p
 * </pre>
 *
 * so that W x, every cosine, loss and score stay what they are. Immutable, safe for any thread.
 *
 * @param folded whether a column of ones is appended to the features, and the bias to the weight
 * @param phi [D, D], or null for the identity
 * @param u [d, d], or null for the identity
 */
record KroneckerBasis(Backend backend, DType dtype, boolean folded, Tensor phi, Tensor u) {

  /** Rows of features that are rotated at once: their copy stays in a few MiB. */
  private static final long ROWS = 1024;

  KroneckerBasis rotated(Tensor featureAxes, Tensor outputAxes) {
    return new KroneckerBasis(backend, dtype, folded, featureAxes, outputAxes);
  }

  private boolean rotates() {
    return phi != null;
  }

  /** Whether {@link #features} must copy. */
  boolean copies(Tensor x) {
    return folded || rotates() || x.dtype() != dtype;
  }

  /** Features in the Kronecker basis; the same tensor if nothing changes. */
  Tensor features(Tensor x, Arena arena) {
    if (!copies(x)) {
      return x;
    }
    Tensor out = arena.allocate(dtype, x.dim(0), x.dim(1) + (folded ? 1 : 0));
    if (!rotates()) {
      appendOnes(x, out);
      return out;
    }
    try (Arena scratch = new Arena(backend.memory())) {
      for (long from = 0; from < x.dim(0); from += ROWS) {
        long to = Math.min(x.dim(0), from + ROWS);
        scratch.reset();
        Tensor rows = x.rows(from, to);
        if (folded || x.dtype() != dtype) {
          rows = scratch.allocate(dtype, to - from, out.dim(1));
          appendOnes(x.rows(from, to), rows);
        }
        backend.gemm(N, T, rows, phi, out.rows(from, to));
      }
    }
    return out;
  }

  private void appendOnes(Tensor x, Tensor out) {
    if (folded) {
      BiasColumn.append(x, 1, out);
    } else {
      out.copyFrom(x);
    }
  }

  /** A head, gradient or direction in the Kronecker basis; proxies may be null. */
  HeadTensors head(HeadTensors head, Arena arena) {
    Tensor weight = converted(head.weight(), arena);
    Tensor bias = head.bias() == null ? null : converted(head.bias(), arena);
    Tensor proxies = head.proxies() == null ? null : converted(head.proxies(), arena);
    if (folded) {
      Tensor wide = arena.allocate(dtype, weight.dim(0), weight.dim(1) + 1);
      BiasColumn.append(weight, bias, wide);
      weight = wide;
      bias = null;
    }
    if (!rotates()) {
      return new HeadTensors(weight, bias, proxies);
    }
    return new HeadTensors(
        turned(weight, N, arena),
        bias == null ? null : row(bias, T, arena),
        proxies == null ? null : times(proxies, T, u, arena));
  }

  /** A head, gradient or direction of the basis in the delivered basis. */
  HeadTensors back(HeadTensors head, Arena arena) {
    Tensor weight = head.weight();
    Tensor bias = head.bias();
    Tensor proxies = head.proxies();
    if (rotates()) {
      weight = turned(weight, T, arena);
      bias = bias == null ? null : row(bias, N, arena);
      proxies = proxies == null ? null : times(proxies, N, u, arena);
    }
    if (folded) {
      Tensor narrow = arena.allocate(dtype, weight.dim(0), weight.dim(1) - 1);
      bias = arena.allocate(dtype, weight.dim(0));
      BiasColumn.split(weight, narrow, bias);
      weight = narrow;
    }
    return new HeadTensors(weight, bias, proxies);
  }

  private Tensor converted(Tensor tensor, Arena arena) {
    Tensor copy = arena.allocate(dtype, tensor.shape());
    copy.copyFrom(tensor);
    return copy;
  }

  /** U w Phi', or U' w Phi where the rotations are transposed. */
  private Tensor turned(Tensor w, Transpose rotations, Arena arena) {
    Tensor across = arena.allocate(dtype, w.dim(1), w.dim(0));
    backend.gemm(rotations, T, phi, w, across);
    Tensor product = arena.allocate(dtype, w.shape());
    backend.gemm(rotations, T, u, across, product);
    return product;
  }

  private Tensor row(Tensor x, Transpose ofU, Arena arena) {
    return times(x.reshape(1, x.size()), ofU, u, arena).reshape(x.size());
  }

  /** x op(square). */
  private Tensor times(Tensor x, Transpose op, Tensor square, Arena arena) {
    Tensor product = arena.allocate(dtype, x.shape());
    backend.gemm(N, op, x, square, product);
    return product;
  }
}
