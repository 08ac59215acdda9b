package io.vicinal.sample;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Every id once per epoch, in a new order each epoch. The last batch of an epoch is shorter when
 * the batch size does not divide the number of ids, or left out with {@code dropLast}.
 *
 * <p>Not thread-safe.
 */
public final class RandomSampler implements Sampler {

  private final long[] order;
  private final int batch;
  private final boolean dropLast;
  private final int batches;
  private Xoshiro generator;
  private int cursor; // batches drawn from the present order

  /**
   * @param ids the samples to draw from, distinct
   * @param batch ids per batch, at least 1
   * @param dropLast leaves out an epoch's incomplete last batch
   * @throws InputException when an epoch would have no batch
   */
  public RandomSampler(long[] ids, int batch, boolean dropLast, long seed) {
    if (batch < 1) {
      throw new InputException("sampler.batch: must be at least 1, found " + batch);
    }
    this.order = ids.clone();
    this.batch = batch;
    this.dropLast = dropLast;
    this.generator = new Xoshiro(seed);
    long count = dropLast ? ids.length / batch : (ids.length + (long) batch - 1) / batch;
    this.batches = (int) count;
    if (batches == 0) {
      throw new InputException(
          "sampler.batch: "
              + batch
              + " is more than the "
              + ids.length
              + " training samples; lower it or set sampler.dropLast to false");
    }
  }

  @Override
  public int batchesPerEpoch() {
    return batches;
  }

  @Override
  public int batchSize() {
    return Math.min(batch, order.length);
  }

  @Override
  public long[] nextBatch() {
    if (cursor == batches) {
      cursor = 0;
    }
    if (cursor == 0) {
      generator.shuffle(order, 0, order.length);
    }
    int from = cursor * batch;
    cursor++;
    return Arrays.copyOfRange(order, from, Math.min(from + batch, order.length));
  }

  @Override
  public Map<String, long[]> state() {
    Map<String, long[]> state = new LinkedHashMap<>();
    state.put("order", order.clone());
    state.put("cursor", new long[] {cursor});
    state.put("generator", generator.state());
    return state;
  }

  @Override
  public void restore(Map<String, long[]> state) {
    long[] savedOrder = SamplerState.array(state, "order", order.length);
    long[] savedCursor = SamplerState.array(state, "cursor", 1);
    long[] savedGenerator = SamplerState.array(state, "generator", 4);
    SamplerState.sameIds(savedOrder, order);
    SamplerState.inside("cursor", savedCursor[0], batches);
    System.arraycopy(savedOrder, 0, order, 0, order.length);
    cursor = (int) savedCursor[0];
    generator = Xoshiro.restore(savedGenerator);
  }
}
