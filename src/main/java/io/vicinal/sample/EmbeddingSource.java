package io.vicinal.sample;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;

/**
 * The embeddings as a model has them now, for samplers that choose batches by them. Whoever trains
 * hands one over when the sampler is made; a sampler asks it for a few candidates whenever it draws
 * a batch, so that nothing of the embeddings is part of its state.
 */
public interface EmbeddingSource {
  /** What computes with them; borrowed. */
  Backend backend();

  /**
   * Embeds some samples.
   *
   * @param ids positions in the dataset
   * @param arena owner of the result
   * @return F32 or F64 [ids.length, d], in the order of the ids
   */
  Tensor embed(long[] ids, Arena arena);
}
