package io.vicinal.sample;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.Transpose;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * The inner products of a pool's embeddings, and so their distances, in double whatever type the
 * embeddings have. It holds n² numbers. Immutable.
 */
final class Gram {
  /** What counts as rounding of a squared distance, relative to the lengths. */
  private static final double ROUNDINGS = 8 * 0x1p-52;

  private final Backend backend;
  private final double[] products; // [n, n]
  private final int size;

  private Gram(Backend backend, double[] products, int size) {
    this.backend = backend;
    this.products = products;
    this.size = size;
  }

  /**
   * Of some samples.
   *
   * @param ids positions in the dataset
   */
  static Gram of(EmbeddingSource source, long[] ids) {
    try (Arena arena = Arena.host()) {
      Tensor embeddings = source.embed(ids, arena);
      Tensor exact = embeddings;
      if (embeddings.dtype() != DType.F64) {
        exact = arena.allocate(DType.F64, embeddings.shape());
        exact.copyFrom(embeddings);
      }
      Tensor products = arena.allocate(DType.F64, ids.length, ids.length);
      source.backend().gemm(Transpose.N, Transpose.T, exact, exact, products);
      if (source.backend().findNonFinite(products) >= 0) {
        throw new InputException(
            "sampler: an embedding that batches are chosen by is NaN or infinite; lower the"
                + " learning rate");
      }
      double[] mirrored = products.toDoubles();
      for (int i = 0; i < ids.length; i++) {
        for (int j = 0; j < i; j++) { // a device may round the two halves differently
          mirrored[i * ids.length + j] = mirrored[j * ids.length + i];
        }
      }
      return new Gram(source.backend(), mirrored, ids.length);
    }
  }

  Backend backend() {
    return backend;
  }

  /** n. */
  int size() {
    return size;
  }

  double product(int i, int j) {
    return products[i * size + j];
  }

  /** Rounding errors of it count as 0, so that equal embeddings are at no distance. */
  double squaredDistance(int i, int j) {
    double lengths = product(i, i) + product(j, j);
    double squared = lengths - 2 * product(i, j);
    return squared <= ROUNDINGS * lengths ? 0 : squared;
  }
}
