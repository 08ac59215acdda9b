package io.vicinal.sample;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Embeddings of samples 0, 1, ..., that remember what was asked of them.
 *
 * @param x of each sample
 * @param asked the ids of every pool so far
 */
record Points(Backend backend, double[][] x, DType type, List<long[]> asked)
    implements EmbeddingSource {
  static Points of(Backend backend, double[][] x) {
    return new Points(backend, x, DType.F64, new ArrayList<>());
  }

  /** Normal ones. */
  static Points random(Backend backend, int count, int width, long seed) {
    Xoshiro generator = new Xoshiro(seed);
    double[][] x = new double[count][width];
    for (double[] row : x) {
      for (int j = 0; j < width; j++) {
        row[j] = generator.nextGaussian();
      }
    }
    return of(backend, x);
  }

  /** As samples of {@code classes} classes, sample i of class i mod classes. */
  Population population(int classes) {
    long[] ids = LongStream.range(0, x.length).toArray();
    return Population.of(ids, LongStream.of(ids).map(i -> i % classes).toArray()).seenBy(this);
  }

  @Override
  public Tensor embed(long[] ids, Arena arena) {
    asked.add(ids.clone());
    double[] flat = new double[ids.length * x[0].length];
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(x[(int) ids[i]], 0, flat, i * x[0].length, x[0].length);
    }
    Tensor embeddings = arena.allocate(type, ids.length, x[0].length);
    if (type == DType.F64) {
      embeddings.set(flat);
    } else {
      float[] single = new float[flat.length];
      for (int k = 0; k < flat.length; k++) {
        single[k] = (float) flat[k];
      }
      embeddings.set(single);
    }
    return embeddings;
  }

  double distance(int i, int j) {
    double sum = 0;
    for (int k = 0; k < x[i].length; k++) {
      sum += (x[i][k] - x[j][k]) * (x[i][k] - x[j][k]);
    }
    return Math.sqrt(sum);
  }
}
