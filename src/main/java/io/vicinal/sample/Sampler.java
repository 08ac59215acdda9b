package io.vicinal.sample;

import java.util.Map;

/**
 * Draws the batches of an epoch. A sampler owns its generator, so two samplers never disturb one
 * another, and its whole state can be saved and restored: the batches after a restore are those
 * that would have come.
 *
 * <p>Ids are positions in the dataset, as given at construction. Implementations are not
 * thread-safe.
 */
public interface Sampler {

  /** Batches in one epoch, at least 1. */
  int batchesPerEpoch();

  /** The most ids that one batch can hold. */
  int batchSize();

  /** The ids of the next batch; a fresh array. After an epoch's last batch the next one begins. */
  long[] nextBatch();

  /** The state by array name: fresh copies. */
  Map<String, long[]> state();

  /**
   * Goes on where {@link #state()} was taken, on a sampler made with the same arguments.
   *
   * @throws IllegalArgumentException when the arrays do not fit this sampler; nothing is changed
   */
  void restore(Map<String, long[]> state);
}
