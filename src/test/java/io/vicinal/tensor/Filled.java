package io.vicinal.tensor;

import java.util.Random;
import java.util.SplittableRandom;

/** Tensors and arrays with values, for tests. */
public final class Filled {
  private Filled() {}

  /** Given values, rounded to the type. */
  public static Tensor of(Arena arena, DType type, double[] values, long... shape) {
    Tensor tensor = arena.allocate(type, shape);
    tensor.set(values);
    return tensor;
  }

  /** Uniform values in -1..1. */
  public static Tensor uniform(Arena arena, DType type, SplittableRandom random, long... shape) {
    Tensor tensor = arena.allocate(type, shape);
    double[] values = new double[(int) tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextDouble(-1, 1);
    }
    tensor.set(values);
    return tensor;
  }

  /** Standard normal values. */
  public static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
