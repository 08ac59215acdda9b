package io.vicinal.train;

import io.vicinal.backend.LossValue;
import io.vicinal.backend.Targets;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/**
 * A loss with its state, over the embeddings of a linear head: what it learns, what it remembers.
 * For one thread.
 */
interface Criterion extends AutoCloseable {
  /** What it learns, by names that no head has. */
  Parameters learned();

  /** What else a checkpoint must hold of it, by name; most remember nothing. */
  default Map<String, Tensor> buffers() {
    return Map.of();
  }

  /**
   * The loss of a batch, and its gradient.
   *
   * @param step of the run, from 1: what is random follows from it
   * @param features X [B, D]
   * @param at the head's parameters and what this learns
   * @param gradients out, for some of them; the others' are not needed
   */
  LossValue gradient(
      long step, Tensor features, Targets targets, Parameters at, Parameters gradients);

  /** The optimiser has changed the parameters by the gradient of the last batch. */
  default void stepped() {}

  @Override
  default void close() {}
}
