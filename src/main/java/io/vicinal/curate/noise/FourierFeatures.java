package io.vicinal.curate.noise;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * Random features of the Gaussian kernel exp(-|x - y|² / (2 s²)): cosines and sines of x along M
 * normal directions, so that inner products of features approximate the kernel (Rahimi and Recht,
 * <em>Random features for large-scale kernel machines</em>, 2007). The width s is two thirds of the
 * median distance of two samples, so nothing has to be known about the features' scale.
 *
 * <p>Directions belong to the arena that was given. Safe for any thread.
 */
final class FourierFeatures {
  private static final double WIDTH = 2.0 / 3; // of the median distance
  private static final int PAIRS = 2_000; // whose median distance is taken

  private final Backend backend;
  private final Tensor directions; // [M, D]

  /**
   * @param x F32 [N, D]
   * @param size number of features, 2 M
   */
  FourierFeatures(Backend backend, Tensor x, int size, long seed, Arena arena) {
    this.backend = backend;
    int d = (int) x.dim(1);
    double scale = 1 / (WIDTH * medianDistance(backend, x, seed));
    Xoshiro generator = Xoshiro.of(seed, "fourier-directions");
    Tensor weight = arena.allocate(DType.F32, size / 2, d);
    for (int m = 0; m < size / 2; m++) {
      double[] row = new double[d];
      for (int j = 0; j < d; j++) {
        row[j] = scale * generator.nextGaussian();
      }
      weight.rows(m, m + 1).set(row);
    }
    this.directions = weight;
  }

  /** 2 M. */
  int size() {
    return 2 * (int) directions.dim(0);
  }

  /**
   * Features of some rows.
   *
   * @param rows F32 [B, D]
   * @return [B, 2 M] row-major: the cosines, then the sines
   */
  float[] of(Tensor rows, Arena arena) {
    int b = (int) rows.dim(0);
    int m = size() / 2;
    Tensor projections = arena.allocate(DType.F32, b, m);
    backend.gemm(N, T, rows, directions, projections);
    float[] angles = projections.toFloats();
    float[] features = new float[b * 2 * m];
    for (int i = 0; i < b; i++) {
      for (int j = 0; j < m; j++) {
        double angle = angles[i * m + j];
        features[i * 2 * m + j] = (float) Math.cos(angle);
        features[i * 2 * m + m + j] = (float) Math.sin(angle);
      }
    }
    return features;
  }

  /** Of seeded pairs; 1 where all samples are equal. */
  private static double medianDistance(Backend backend, Tensor x, long seed) {
    Xoshiro generator = Xoshiro.of(seed, "fourier-width");
    int n = (int) x.dim(0);
    int d = (int) x.dim(1);
    double[] distances = new double[PAIRS];
    try (Arena arena = new Arena(backend.memory())) {
      long[] ids = new long[2 * PAIRS];
      Arrays.setAll(ids, i -> generator.below(n));
      Tensor pairs = arena.allocate(DType.F32, ids.length, d);
      backend.gatherRows(x, arena.of(ids, ids.length), pairs);
      for (int p = 0; p < PAIRS; p++) {
        float[] pair = pairs.rows(2L * p, 2L * p + 2).toFloats();
        double square = 0;
        for (int j = 0; j < d; j++) {
          double difference = pair[j] - pair[d + j];
          square += difference * difference;
        }
        distances[p] = Math.sqrt(square);
      }
    }
    Arrays.sort(distances);
    double median = distances[PAIRS / 2];
    return median > 0 ? median : 1;
  }
}
