package io.vicinal.program;

import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/** An array of doubles, row by row; whole numbers are doubles as well. */
record Values(int[] shape, double[] data) {
  static Values scalar(double value) {
    return new Values(new int[0], new double[] {value});
  }

  static Values of(int[] shape, double... data) {
    return new Values(shape, data);
  }

  static Values matrix(int rows, double... data) {
    return new Values(new int[] {rows, data.length / rows}, data);
  }

  static Values vector(double... data) {
    return new Values(new int[] {data.length}, data);
  }

  static Values random(long seed, double low, double high, int... shape) {
    Random random = new Random(seed);
    return each(shape, index -> low + (high - low) * random.nextDouble());
  }

  /** Calls for each index in order. */
  static Values each(int[] shape, ToDoubleFunction<int[]> value) {
    double[] data = new double[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    int[] index = new int[shape.length];
    for (int i = 0; i < data.length; i++) {
      int rest = i;
      for (int k = shape.length - 1; k >= 0; k--) {
        index[k] = rest % shape[k];
        rest /= shape[k];
      }
      data[i] = value.applyAsDouble(index);
    }
    return new Values(shape, data);
  }

  int rank() {
    return shape.length;
  }

  /** The entry, repeated along axes of size 1 and of a scalar. */
  double at(int... index) {
    return data[offset(index)];
  }

  int offset(int... index) {
    int offset = 0;
    for (int k = 0; k < shape.length; k++) {
      offset = offset * shape[k] + (shape[k] == 1 ? 0 : index[k]);
    }
    return offset;
  }

  double scalar() {
    return data[0];
  }

  /** This plus a multiple of another of the same shape. */
  Values plus(double factor, Values other) {
    double[] sum = data.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * other.data[i];
    }
    return new Values(shape, sum);
  }

  double dot(Values other) {
    double sum = 0;
    for (int i = 0; i < data.length; i++) {
      sum += data[i] * other.data[i];
    }
    return sum;
  }

  @Override
  public String toString() {
    return Arrays.toString(shape) + Arrays.toString(data);
  }
}
