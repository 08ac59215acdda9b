package io.vicinal.sample;

import io.vicinal.loss.tuple.Standard;

/**
 * Every sample once per epoch.
 *
 * @param batch samples of a batch; default 128
 * @param dropLast leaves out an epoch's incomplete last batch; default true
 */
@Sampling.Facts(name = "random", rule = "each epoch every sample once, in a fresh order")
public record RandomSampling(
    @Standard(value = "128", least = 1) int batch, @Standard("true") boolean dropLast)
    implements Sampling {
  @Override
  public Sampler over(Population samples, long seed) {
    return new RandomSampler(samples.ids(), batch, dropLast, seed);
  }
}
