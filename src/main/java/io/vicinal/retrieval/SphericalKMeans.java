package io.vicinal.retrieval;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Transpose;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Spherical k-means (Dhillon and Modha, Machine Learning 42, 2001): a row goes to the centroid of
 * the largest cosine, equal ones to the lower; a centroid is the sum of its unit rows, divided by
 * its length. Of several starts from random rows the one with the largest sum of cosines is kept. A
 * cluster that has lost all its rows gets the row that is farthest from its own centroid. A zero
 * row has the cosine 0 to every centroid.
 *
 * <p>Cosines are products in float32, their sums and those of rows float64. Deterministic for a
 * seed and a thread count. Memory: a float32 copy of the rows, k centroids, 16 MiB of cosines.
 */
final class SphericalKMeans {
  private static final int COSINES = 4 << 20; // of a block

  private final Backend backend;
  private final Tensor unit;
  private final Tensor centroids;
  private final Tensor cosines;
  private final int rows;
  private final int width;
  private final int k;
  private final long[] assigned;
  private final float[] nearest; // cosine to the own centroid

  /**
   * @param assigned the cluster 0..k-1 of each row
   * @param objectives sum of cosines after each assignment of the start that was kept
   */
  record Result(long[] assigned, List<Double> objectives) {
    double objective() {
      return objectives.get(objectives.size() - 1);
    }
  }

  private SphericalKMeans(Backend backend, Tensor x, int k, Arena arena) {
    this.backend = backend;
    this.k = k;
    rows = MatrixChecks.rowCount("embeddings", x);
    width = (int) x.dim(1);
    unit = arena.allocate(DType.F32, rows, width);
    backend.normalizeRows(x, unit);
    centroids = arena.allocate(DType.F32, k, width);
    int block = Math.max(1, Math.min(rows, COSINES / k));
    cosines = arena.allocate(DType.F32, block, k);
    assigned = new long[rows];
    nearest = new float[rows];
  }

  /**
   * @param x F32 [N, d] on the backend's device, of any length
   * @param k 1..N
   */
  static Result clusters(Backend backend, Tensor x, int k, long seed, int starts) {
    try (Arena arena = new Arena(backend.memory())) {
      SphericalKMeans work = new SphericalKMeans(backend, x, k, arena);
      Result best = null;
      for (int start = 0; start < starts; start++) {
        Result one = work.run(Xoshiro.of(seed, "spherical k-means " + start));
        if (best == null || one.objective() > best.objective()) {
          best = one;
        }
      }
      return best;
    }
  }

  /**
   * Each row's cluster, that of the largest cosine to given centroids.
   *
   * @param centroids [k, d], of any length
   */
  static long[] nearest(Backend backend, Tensor x, float[] centroids, int k) {
    try (Arena arena = new Arena(backend.memory())) {
      SphericalKMeans work = new SphericalKMeans(backend, x, k, arena);
      work.centroids.set(centroids);
      backend.normalizeRows(work.centroids, work.centroids);
      work.assign();
      return work.assigned;
    }
  }

  private Result run(Xoshiro random) {
    long[] order = LongStream.range(0, rows).toArray();
    random.shuffle(order, 0, rows);
    for (int c = 0; c < k; c++) {
      centroids.rows(c, c + 1).copyFrom(unit.rows(order[c], order[c] + 1));
    }
    List<Double> objectives = new ArrayList<>();
    objectives.add(assign());
    for (int i = 0; i < KMeans.ITERATIONS; i++) {
      long[] before = assigned.clone();
      move();
      objectives.add(assign());
      if (Arrays.equals(before, assigned)) {
        break;
      }
    }
    return new Result(assigned.clone(), objectives);
  }

  /** Every row to its nearest centroid; the sum of their cosines. */
  private double assign() {
    double sum = 0;
    int block = (int) cosines.dim(0);
    for (int from = 0; from < rows; from += block) {
      MatrixChecks.checkInterrupt("k-means");
      int to = Math.min(rows, from + block);
      Tensor out = cosines.rows(0, to - from);
      backend.gemm(Transpose.N, Transpose.T, unit.rows(from, to), centroids, out);
      float[] values = out.toFloats();
      for (int i = from; i < to; i++) {
        int at = (i - from) * k;
        int best = 0;
        for (int c = 1; c < k; c++) {
          if (values[at + c] > values[at + best]) {
            best = c;
          }
        }
        assigned[i] = best;
        nearest[i] = values[at + best];
        sum += nearest[i];
      }
    }
    return sum;
  }

  /** Every centroid to the direction of its rows; one without rows to the worst placed row. */
  private void move() {
    int[] sizes = new int[k];
    for (long c : assigned) {
      sizes[(int) c]++;
    }
    for (int c = 0; c < k; c++) {
      int worst = sizes[c] > 0 ? -1 : worst(sizes);
      if (worst >= 0) {
        sizes[(int) assigned[worst]]--;
        assigned[worst] = c;
        nearest[worst] = 1;
        sizes[c] = 1;
      }
    }
    double[] sums = new double[Math.multiplyExact(k, width)];
    int step = Math.max(1, COSINES / width);
    for (int from = 0; from < rows; from += step) {
      int to = Math.min(rows, from + step);
      float[] values = unit.rows(from, to).toFloats();
      for (int i = from; i < to; i++) {
        int at = (int) assigned[i] * width;
        for (int j = 0; j < width; j++) {
          sums[at + j] += values[(i - from) * width + j];
        }
      }
    }
    float[] moved = new float[k * width];
    float[] kept = centroids.toFloats();
    for (int c = 0; c < k; c++) {
      double norm = SpaceMetrics.norm(sums, c * width, width);
      for (int j = c * width; j < (c + 1) * width; j++) {
        moved[j] = norm > 0 ? (float) (sums[j] / norm) : kept[j];
      }
    }
    centroids.set(moved);
  }

  /** The row with the smallest cosine to its centroid whose cluster keeps another; -1 for none. */
  private int worst(int[] sizes) {
    int worst = -1;
    for (int i = 0; i < rows; i++) {
      if (sizes[(int) assigned[i]] > 1 && (worst < 0 || nearest[i] < nearest[worst])) {
        worst = i;
      }
    }
    return worst;
  }
}
