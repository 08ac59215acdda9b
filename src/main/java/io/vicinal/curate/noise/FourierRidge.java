package io.vicinal.curate.noise;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.CancelledException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * Out-of-fold class scores by ridge regression of one-hot labels on {@link FourierFeatures}, in
 * closed form. Every fold's centred Gram matrix is taken once; the system for a held-out fold is
 * the sum of the others:
 *
 * <pre>
 *   (Phi' Phi + lambda I) V = Phi' (Y - mean Y)      Phi: centred features of the other folds
 *   scores = (phi - mean phi) V + mean Y
 * </pre>
 *
 * with lambda a fraction of the mean diagonal. The regression does not memorise wrong labels as a
 * trained network does, and its cost, 2 N M² flops once, is that of a few epochs. Features are
 * computed in blocks of rows, twice, and never stored.
 */
final class FourierRidge implements FoldPredictor {
  private static final double LAMBDA = 0.03; // of the mean diagonal of Phi' Phi
  private static final int BLOCK = 4_096; // rows

  private final Backend backend;
  private final Tensor x;
  private final int size;
  private final long seed;

  /**
   * @param x F32 [N, D]
   * @param size at most this many random features; half as many as samples if that is less
   */
  FourierRidge(Backend backend, Tensor x, int size, long seed) {
    this.backend = backend;
    this.x = x;
    this.size = 2 * (int) Math.max(8, Math.min(size / 2, x.dim(0) / 4));
    this.seed = seed;
  }

  /** Sums over the samples of one fold, or of several. */
  private static final class Moments {
    final double[] gram; // [size, size]
    final double[] cross; // [size, C]
    final double[] features; // [size]
    final double[] labels; // [C]
    long samples;

    Moments(int size, int classes) {
      gram = new double[size * size];
      cross = new double[size * classes];
      features = new double[size];
      labels = new double[classes];
    }

    void add(Moments other) {
      combine(gram, 1, other.gram);
      combine(cross, 1, other.cross);
      combine(features, 1, other.features);
      combine(labels, 1, other.labels);
      samples += other.samples;
    }

    /** Becomes what is left of {@code all} without it. */
    void complement(Moments all) {
      combine(gram, -1, all.gram);
      combine(cross, -1, all.cross);
      combine(features, -1, all.features);
      combine(labels, -1, all.labels);
      samples = all.samples - samples;
    }

    private static void combine(double[] to, double factor, double[] values) {
      for (int i = 0; i < to.length; i++) {
        to[i] = factor * to[i] + values[i];
      }
    }
  }

  @Override
  public double[][] scores(long[] labels, int classes, Folds folds) {
    double[][] scores = new double[labels.length][];
    try (Arena arena = new Arena(backend.memory())) {
      FourierFeatures fourier = new FourierFeatures(backend, x, size, seed, arena);
      Moments all = new Moments(size, classes);
      Moments[] byFold = new Moments[folds.count()];
      for (int f = 0; f < byFold.length; f++) {
        byFold[f] = moments(fourier, folds.held(f), labels, classes);
        all.add(byFold[f]);
      }
      for (int f = 0; f < byFold.length; f++) {
        byFold[f].complement(all);
        predict(fourier, byFold[f], folds.held(f), classes, scores);
        byFold[f] = null; // a Gram matrix less to hold
      }
    }
    return scores;
  }

  private Moments moments(FourierFeatures fourier, long[] ids, long[] labels, int classes) {
    Moments sums = new Moments(size, classes);
    sums.samples = ids.length;
    for (int from = 0; from < ids.length; from += BLOCK) {
      stopIfInterrupted();
      int rows = Math.min(BLOCK, ids.length - from);
      try (Arena arena = new Arena(backend.memory())) {
        float[] phi = fourier.of(gathered(ids, from, rows, arena), arena);
        for (int i = 0; i < rows; i++) {
          int y = (int) labels[(int) ids[from + i]];
          sums.labels[y]++;
          for (int j = 0; j < size; j++) {
            float value = phi[i * size + j];
            sums.features[j] += value;
            sums.cross[j * classes + y] += value;
          }
        }
        Tensor some = arena.of(phi, rows, size);
        Tensor product = arena.allocate(DType.F32, size, size);
        backend.gemm(T, N, some, some, product);
        float[] gram = product.toFloats();
        for (int i = 0; i < gram.length; i++) {
          sums.gram[i] += gram[i];
        }
      }
    }
    return sums;
  }

  private void predict(
      FourierFeatures fourier, Moments sums, long[] held, int classes, double[][] scores) {
    double n = sums.samples;
    double[] v = solution(sums, classes);
    float[] weight = new float[classes * size];
    float[] bias = new float[classes];
    for (int c = 0; c < classes; c++) {
      double constant = sums.labels[c] / n;
      for (int j = 0; j < size; j++) {
        weight[c * size + j] = (float) v[j * classes + c];
        constant -= sums.features[j] / n * v[j * classes + c];
      }
      bias[c] = (float) constant;
    }
    for (int from = 0; from < held.length; from += BLOCK) {
      stopIfInterrupted();
      int rows = Math.min(BLOCK, held.length - from);
      try (Arena arena = new Arena(backend.memory())) {
        float[] phi = fourier.of(gathered(held, from, rows, arena), arena);
        Tensor w = arena.of(weight, classes, size);
        Tensor out = arena.allocate(DType.F32, rows, classes);
        backend.embed(
            arena.of(phi, rows, size), new HeadTensors(w, arena.of(bias, classes), w), out);
        for (int i = 0; i < rows; i++) {
          scores[(int) held[from + i]] = out.rows(i, i + 1).toDoubles();
        }
      }
    }
  }

  /** V [size, C], from the moments of the samples that may be looked at. */
  private double[] solution(Moments sums, int classes) {
    double n = sums.samples;
    double trace = 0;
    for (int i = 0; i < size; i++) {
      for (int j = 0; j <= i; j++) {
        sums.gram[i * size + j] -= sums.features[i] * sums.features[j] / n;
      }
      trace += sums.gram[i * size + i];
      for (int c = 0; c < classes; c++) {
        sums.cross[i * classes + c] -= sums.features[i] * sums.labels[c] / n;
      }
    }
    double lambda = Math.max(LAMBDA * trace / size, 1e-6 * n);
    for (int i = 0; i < size; i++) {
      sums.gram[i * size + i] += lambda;
    }
    new Cholesky(backend, sums.gram, size).solve(sums.cross, classes);
    return sums.cross;
  }

  private Tensor gathered(long[] ids, int from, int rows, Arena arena) {
    long[] some = Arrays.copyOfRange(ids, from, from + rows);
    Tensor out = arena.allocate(DType.F32, rows, x.dim(1));
    backend.gatherRows(x, arena.of(some, rows), out);
    return out;
  }

  private static void stopIfInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException("out-of-fold predictions");
    }
  }
}
