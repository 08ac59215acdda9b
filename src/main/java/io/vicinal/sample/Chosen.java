package io.vicinal.sample;

import java.util.Arrays;
import java.util.BitSet;

/** A batch while it is made, of samples by their number. For one batch and one thread. */
final class Chosen {
  private final Population of;
  private final int[] samples;
  private final BitSet there = new BitSet();
  private final int[] taken; // of each class: samples that are there
  private int size;

  /**
   * @param most samples that it may get
   */
  Chosen(Population of, int most) {
    this.of = of;
    this.samples = new int[most];
    this.taken = new int[of.classes()];
  }

  boolean has(int sample) {
    return there.get(sample);
  }

  void add(int sample) {
    samples[size++] = sample;
    taken[of.classOf(sample)] += there.get(sample) ? 0 : 1;
    there.set(sample);
  }

  /** Adds so many samples of a class that are not there yet, each set as likely; else all left. */
  void add(int c, int count, Xoshiro generator) {
    int[] members = of.members(c);
    int wanted = Math.min(count, left(c));
    if (2 * (taken[c] + wanted) <= members.length) { // most draws hit one that is not there
      while (wanted > 0) {
        int sample = members[generator.below(members.length)];
        if (!has(sample)) {
          add(sample);
          wanted--;
        }
      }
      return;
    }
    int[] left = Arrays.stream(members).filter(sample -> !has(sample)).toArray();
    for (long k : generator.distinct(left.length, wanted)) {
      add(left[(int) k]);
    }
  }

  /** Adds so many samples of a class, whether they are there or not. */
  void addWithReplacement(int c, int count, Xoshiro generator) {
    int[] members = of.members(c);
    for (int k = 0; k < count; k++) {
      add(members[generator.below(members.length)]);
    }
  }

  /** How many samples of a class are not there yet. */
  int left(int c) {
    return of.members(c).length - taken[c];
  }

  /** Adds everything once more. */
  void repeat() {
    System.arraycopy(samples, 0, samples, size, size);
    size *= 2;
  }

  int size() {
    return size;
  }

  /** The one that was added as the k-th. */
  int get(int k) {
    return samples[k];
  }

  /** The samples' positions in the dataset, a fresh array. */
  long[] ids() {
    return of.ids(Arrays.copyOf(samples, size));
  }
}
