package io.vicinal.sample;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Batches of {@code classes} distinct classes with {@code samples} samples each: the sampler that
 * proxy and pair losses expect.
 *
 * <ul>
 *   <li>Every class has a shuffled list of its ids and a cursor. A draw takes the next {@code
 *       samples} ids; when fewer remain, the list is shuffled again and starts over (the tail is
 *       skipped), so no id of a class repeats before its list is used up.
 *   <li>The classes of a batch are drawn uniformly without replacement. Cursors persist across
 *       epochs.
 *   <li>An epoch has floor((N-1) / B) batches, B = classes * samples.
 *   <li>A class with fewer than {@code samples} ids contributes all of them: such batches are
 *       smaller.
 * </ul>
 *
 * Not thread-safe.
 */
public final class BalancedSampler implements Sampler {

  private final int classes;
  private final int samples;
  private final int batches;
  private final long[] order; // the classes' lists, one after the other
  private final int[] offsets; // list c is order[offsets[c] .. offsets[c + 1])
  private final int[] cursors; // next position within each list
  private final int[] deck; // class numbers; a batch's classes are its first ones
  private Xoshiro generator;

  /**
   * @param ids the samples to draw from, distinct
   * @param labels the class of each id, any integers
   * @param classes classes per batch, at least 1 and at most the classes there are
   * @param samples samples per class, at least 1
   * @throws InputException when the data cannot fill such batches
   */
  public BalancedSampler(long[] ids, long[] labels, int classes, int samples, long seed) {
    if (ids.length != labels.length) {
      throw new IllegalArgumentException("ids and labels differ in length");
    }
    if (classes < 1 || samples < 1) {
      throw new InputException(
          "sampler: classes and samples must be at least 1, found " + classes + " and " + samples);
    }
    long[] names = Arrays.stream(labels).distinct().sorted().toArray();
    if (names.length < classes) {
      throw new InputException(
          "sampler.classes: "
              + classes
              + " classes per batch, but the training samples have "
              + names.length
              + "; lower it");
    }
    long batch = (long) classes * samples;
    if ((ids.length - 1) / batch == 0) {
      throw new InputException(
          "sampler: batches of "
              + classes
              + " x "
              + samples
              + " need more than "
              + batch
              + " training samples, found "
              + ids.length
              + "; lower sampler.classes or sampler.samples");
    }
    this.classes = classes;
    this.samples = samples;
    this.batches = (int) ((ids.length - 1) / batch);
    this.order = new long[ids.length];
    this.offsets = new int[names.length + 1];
    this.cursors = new int[names.length];
    this.deck = new int[names.length];
    this.generator = new Xoshiro(seed);
    fill(ids, labels, names);
    for (int c = 0; c < names.length; c++) {
      deck[c] = c;
      generator.shuffle(order, offsets[c], offsets[c + 1]);
    }
  }

  private void fill(long[] ids, long[] labels, long[] names) {
    int[] numbers = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      numbers[i] = Arrays.binarySearch(names, labels[i]);
      offsets[numbers[i] + 1]++;
    }
    for (int c = 0; c < names.length; c++) {
      offsets[c + 1] += offsets[c];
    }
    int[] next = offsets.clone();
    for (int i = 0; i < ids.length; i++) {
      order[next[numbers[i]]++] = ids[i];
    }
  }

  @Override
  public int batchesPerEpoch() {
    return batches;
  }

  @Override
  public int batchSize() {
    return classes * samples;
  }

  @Override
  public long[] nextBatch() {
    long[] batch = new long[classes * samples];
    int size = 0;
    for (int i = 0; i < classes; i++) {
      int other = i + generator.below(deck.length - i);
      int c = deck[other];
      deck[other] = deck[i];
      deck[i] = c;
      size += take(c, batch, size);
    }
    return size == batch.length ? batch : Arrays.copyOf(batch, size);
  }

  private int take(int c, long[] batch, int at) {
    int length = offsets[c + 1] - offsets[c];
    int count = Math.min(samples, length);
    if (cursors[c] + count > length) {
      generator.shuffle(order, offsets[c], offsets[c + 1]);
      cursors[c] = 0;
    }
    System.arraycopy(order, offsets[c] + cursors[c], batch, at, count);
    cursors[c] += count;
    return count;
  }

  @Override
  public Map<String, long[]> state() {
    Map<String, long[]> state = new LinkedHashMap<>();
    state.put("order", order.clone());
    state.put("cursors", Arrays.stream(cursors).asLongStream().toArray());
    state.put("deck", Arrays.stream(deck).asLongStream().toArray());
    state.put("generator", generator.state());
    return state;
  }

  @Override
  public void restore(Map<String, long[]> state) {
    long[] savedOrder = SamplerState.array(state, "order", order.length);
    long[] savedCursors = SamplerState.array(state, "cursors", cursors.length);
    long[] savedDeck = SamplerState.array(state, "deck", deck.length);
    long[] savedGenerator = SamplerState.array(state, "generator", 4);
    for (int c = 0; c < cursors.length; c++) {
      SamplerState.sameIds(
          Arrays.copyOfRange(savedOrder, offsets[c], offsets[c + 1]),
          Arrays.copyOfRange(order, offsets[c], offsets[c + 1]));
      SamplerState.inside("cursors", savedCursors[c], offsets[c + 1] - offsets[c]);
    }
    SamplerState.sameIds(savedDeck, Arrays.stream(deck).asLongStream().toArray());
    System.arraycopy(savedOrder, 0, order, 0, order.length);
    for (int c = 0; c < cursors.length; c++) {
      cursors[c] = (int) savedCursors[c];
      deck[c] = (int) savedDeck[c];
    }
    generator = Xoshiro.restore(savedGenerator);
  }
}
