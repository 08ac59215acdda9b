package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.sample.Xoshiro;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A seeded division of samples into k folds of nearly equal size, with every class spread evenly
 * over them. Immutable.
 *
 * @param count k
 * @param of [N], each sample's fold, 0..k-1
 */
record Folds(int count, int[] of) {
  static Folds stratified(long[] labels, int count, long seed) {
    if (count < 2 || count > labels.length) {
      throw new InputException(
          "folds: must be 2.." + labels.length + " (the samples), found " + count);
    }
    Xoshiro generator = Xoshiro.of(seed, "folds");
    long[] order = LongStream.range(0, labels.length).toArray();
    generator.shuffle(order, 0, order.length);
    int[] byClass =
        LongStream.of(order)
            .mapToInt(i -> (int) i)
            .boxed()
            .sorted((a, b) -> Long.compare(labels[a], labels[b])) // stable: shuffled inside a class
            .mapToInt(Integer::intValue)
            .toArray();
    int[] of = new int[labels.length];
    for (int i = 0; i < byClass.length; i++) {
      of[byClass[i]] = i % count;
    }
    return new Folds(count, of);
  }

  /** The samples of a fold, ascending. */
  long[] held(int fold) {
    return IntStream.range(0, of.length).filter(i -> of[i] == fold).asLongStream().toArray();
  }

  /** The samples of all other folds, ascending. */
  long[] others(int fold) {
    return IntStream.range(0, of.length).filter(i -> of[i] != fold).asLongStream().toArray();
  }
}
