package io.vicinal.curate.reweight;

import io.vicinal.InputException;
import java.util.Arrays;

/**
 * Weights of training samples, any floats. Stateless, safe for any thread.
 *
 * <p>The original weighs helpful samples 2, harmful ones 0 and the others 1; nearly every score has
 * a sign, so nearly every sample is 2 or 0, and half of the data is gone.
 */
public final class SampleWeights {
  private SampleWeights() {}

  /**
   * One weight for helpful samples, one for harmful ones, 1 for the others.
   *
   * @param samples N
   * @throws InputException if a sample does not exist or is in both sets
   */
  public static double[] of(
      int samples, long[] helpful, long[] harmful, double helpfulWeight, double harmfulWeight) {
    double[] weights = new double[samples];
    Arrays.fill(weights, 1);
    boolean[] set = new boolean[samples];
    fill(weights, set, helpful, helpfulWeight, "helpful");
    fill(weights, set, harmful, harmfulWeight, "harmful");
    return weights;
  }

  private static void fill(
      double[] weights, boolean[] set, long[] ids, double weight, String name) {
    for (long id : ids) {
      if (id < 0 || id >= weights.length) {
        throw new InputException(
            name + ": sample id " + id + " is outside 0.." + (weights.length - 1));
      }
      if (set[(int) id]) {
        throw new InputException(
            name + ": sample " + id + " is named twice, or is helpful and harmful; name it once");
      }
      set[(int) id] = true;
      weights[(int) id] = weight;
    }
  }

  /** The same weights with mean 1, so that the learning rate does not change with them. */
  public static double[] normalised(double[] weights) {
    double mean = Arrays.stream(weights).average().orElse(0);
    if (!(mean > 0)) {
      throw new InputException("weights: all are 0; nothing is left to train on");
    }
    return Arrays.stream(weights).map(w -> w / mean).toArray();
  }
}
