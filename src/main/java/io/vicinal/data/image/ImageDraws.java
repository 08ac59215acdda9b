package io.vicinal.data.image;

import io.vicinal.sample.Xoshiro;

/**
 * The random numbers of one look at one sample. They depend on these four and the purpose that they
 * are asked for, never on threads, batches or what was drawn before. Immutable, so safe for any
 * thread.
 *
 * @param seed of the run
 * @param epoch from 0
 * @param sample its position in the dataset
 * @param look from 0, where a sample is looked at more than once in a batch
 */
public record ImageDraws(long seed, long epoch, long sample, int look) {
  /** A generator for one purpose, such as "crop", always from its start. */
  Xoshiro of(String purpose) {
    return Xoshiro.of(seed, "image/" + purpose + "/" + epoch + "/" + sample + "/" + look);
  }
}
