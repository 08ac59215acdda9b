package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * The change of letters between a delivered head and the problem that is solved: the bias becomes
 * the weight's last column, and rotations turn features and embeddings into the axes where EK-FAC
 * is diagonal. With orthogonal Phi (rows) and U (rows):
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
        backend.gemm(rows, phi, out.rows(from, to));
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
        turned(weight, u, phi, arena),
        bias == null ? null : times(bias.reshape(1, bias.size()), u, arena).reshape(bias.size()),
        proxies == null ? null : times(proxies, u, arena));
  }

  /** A head, gradient or direction of the basis in the delivered basis. */
  HeadTensors back(HeadTensors head, Arena arena) {
    Tensor weight = head.weight();
    Tensor bias = head.bias();
    Tensor proxies = head.proxies();
    if (rotates()) {
      Tensor phiBack = BiasColumn.transposed(phi, arena);
      Tensor uBack = BiasColumn.transposed(u, arena);
      weight = turned(weight, uBack, phiBack, arena);
      bias =
          bias == null
              ? null
              : times(bias.reshape(1, bias.size()), uBack, arena).reshape(bias.size());
      proxies = proxies == null ? null : times(proxies, uBack, arena);
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

  /** left w right': two products of the form a b', the first one transposed. */
  private Tensor turned(Tensor w, Tensor left, Tensor right, Arena arena) {
    Tensor across = arena.allocate(dtype, right.dim(0), w.dim(0));
    backend.gemm(right, w, across);
    return times(left, across, arena);
  }

  private Tensor times(Tensor a, Tensor b, Arena arena) {
    Tensor product = arena.allocate(dtype, a.dim(0), b.dim(0));
    backend.gemm(a, b, product);
    return product;
  }
}
