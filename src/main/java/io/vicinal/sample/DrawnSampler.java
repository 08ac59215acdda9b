package io.vicinal.sample;

import io.vicinal.InputException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A sampler that makes each batch anew from its generator: that and the place in the epoch are all
 * its state. Not thread-safe.
 */
public final class DrawnSampler implements Sampler {
  /** A rule. */
  @FunctionalInterface
  public interface Draw {
    /**
     * Makes a batch, a fresh array of ids.
     *
     * @param number of the batch in its epoch, from 0
     * @param generator where all that is random comes from
     */
    long[] batch(int number, Xoshiro generator);
  }

  private final int batches;
  private final int size;
  private final Draw draw;
  private Xoshiro generator;
  private int cursor; // batches drawn in this epoch

  /**
   * @param batches of an epoch
   * @param size of a batch, at most
   */
  public DrawnSampler(int batches, int size, long seed, Draw draw) {
    this.batches = batches;
    this.size = size;
    this.draw = draw;
    this.generator = new Xoshiro(seed);
  }

  /**
   * Epochs of floor(N/B) batches.
   *
   * @param size B
   * @throws InputException if that is none
   */
  public static DrawnSampler over(Population samples, long size, long seed, Draw draw) {
    if (size < 1 || size > samples.size()) {
      throw new InputException(
          "sampler: batches of "
              + size
              + " samples need as many training samples, found "
              + samples.size()
              + "; lower sampler.batch, or sampler.classes and sampler.samples");
    }
    return new DrawnSampler((int) (samples.size() / size), (int) size, seed, draw);
  }

  @Override
  public int batchesPerEpoch() {
    return batches;
  }

  @Override
  public int batchSize() {
    return size;
  }

  @Override
  public long[] nextBatch() {
    if (cursor == batches) {
      cursor = 0;
    }
    return draw.batch(cursor++, generator);
  }

  @Override
  public Map<String, long[]> state() {
    Map<String, long[]> state = new LinkedHashMap<>();
    state.put("cursor", new long[] {cursor});
    state.put("generator", generator.state());
    return state;
  }

  @Override
  public void restore(Map<String, long[]> state) {
    long[] savedCursor = SamplerState.array(state, "cursor", 1);
    long[] savedGenerator = SamplerState.array(state, "generator", 4);
    SamplerState.inside("cursor", savedCursor[0], batches);
    cursor = (int) savedCursor[0];
    generator = Xoshiro.restore(savedGenerator);
  }
}
