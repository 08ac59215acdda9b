package io.vicinal.mine;

import io.vicinal.sample.Xoshiro;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;

/**
 * Random choices, the same for the same seed on any number of threads. Not for several threads at
 * once.
 */
public final class Draws {
  private final Xoshiro generator;

  /** Draws from a generator, which stays the caller's. */
  public Draws(Xoshiro generator) {
    this.generator = generator;
  }

  /** True with this probability; nothing is drawn for 0. */
  public boolean with(double probability) {
    return probability > 0 && generator.nextDouble() < probability;
  }

  /** One of 0 .. bound-1. */
  public int below(int bound) {
    return generator.below(bound);
  }

  /** One of some, each as likely. */
  public int oneOf(int[] of) {
    return of[generator.below(of.length)];
  }

  /** One of those that fit, each as likely; one of all if none does. */
  public int oneOf(int[] of, IntPredicate fits) {
    int[] fitting = new int[of.length];
    int count = 0;
    for (int j : of) {
      if (fits.test(j)) {
        fitting[count++] = j;
      }
    }
    return count == 0 ? oneOf(of) : fitting[generator.below(count)];
  }

  /**
   * One of some, as likely as its weight; one of all if no weight is above 0, or one is not finite.
   */
  public int weighted(int[] of, IntToDoubleFunction weight) {
    double[] weights = new double[of.length];
    Arrays.setAll(weights, k -> weight.applyAsDouble(of[k]));
    return weighted(of, weights);
  }

  /** The same with the weight of each. */
  int weighted(int[] of, double[] weights) {
    double[] sums = new double[of.length];
    double sum = 0;
    for (int k = 0; k < of.length; k++) {
      sum += weights[k];
      sums[k] = sum;
    }
    if (!(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
      return oneOf(of);
    }
    double at = generator.nextDouble() * sum; // below the sum, also when rounded
    int k = 0;
    while (sums[k] <= at) {
      k++;
    }
    return of[k];
  }

  /** Different numbers of 0 .. bound-1, every set of them as likely. */
  public long[] distinct(long bound, int count) {
    return generator.distinct(bound, count);
  }

  /** Puts numbers into a random order. */
  public void shuffle(long[] numbers) {
    generator.shuffle(numbers, 0, numbers.length);
  }
}
