package io.vicinal.train;

import io.vicinal.backend.Backend;
import io.vicinal.nn.Head;
import io.vicinal.sample.EmbeddingSource;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * What a head makes of features now, for samplers.
 *
 * @param backend borrowed
 * @param features X [N, D], of the head's type
 * @param normalized whether the embeddings are divided by their lengths, as a run measures them
 */
record HeadEmbeddings(Backend backend, Tensor features, Head head, boolean normalized)
    implements EmbeddingSource {
  @Override
  public Tensor embed(long[] ids, Arena arena) {
    Tensor rows = arena.allocate(features.dtype(), ids.length, features.dim(1));
    Tensor at = arena.allocate(DType.I64, ids.length);
    at.set(ids);
    backend.gatherRows(features, at, rows);
    Tensor embeddings = head.embed(backend, rows, arena);
    if (normalized) {
      backend.normalizeRows(embeddings, embeddings);
    }
    return embeddings;
  }
}
