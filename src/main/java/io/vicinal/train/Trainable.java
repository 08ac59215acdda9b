package io.vicinal.train;

import io.vicinal.backend.LossValue;
import io.vicinal.nn.Parameters;
import io.vicinal.tensor.Tensor;
import java.util.Map;
import java.util.Set;

/**
 * What a {@link Loop} trains: parameters, and the loss of a batch with its gradient. For one
 * thread.
 */
interface Trainable {
  /** What the optimiser changes. */
  Parameters parameters();

  /** Where {@link #step} puts the gradients: the names of {@link #parameters}. */
  Parameters gradients();

  /** What else a checkpoint must hold to go on as if nothing had happened, by name. */
  Map<String, Tensor> buffers();

  /**
   * The loss of a batch, and its gradient.
   *
   * @param step of the run, from 1: what is random follows from it
   * @param ids the batch
   * @param frozen names whose gradients nobody reads
   */
  LossValue step(long step, long[] ids, Set<String> frozen);

  /** The optimiser has changed the parameters by the gradient of the last batch. */
  void stepped();
}
