package io.vicinal.curate.noise;

import static io.vicinal.backend.Transpose.N;
import static io.vicinal.backend.Transpose.T;

import io.vicinal.backend.Backend;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * How a head places samples among its classes: cosines of embeddings and proxies, the largest over
 * a class's centres, in blocks of rows. Stateless, safe for any thread.
 */
final class Cosines {
  private static final long CELLS = 4 << 20; // of a block's table

  private Cosines() {}

  /** Receives a row of C cosines at a time. */
  interface CosineSink {
    void take(int sample, double[] cosines);
  }

  /**
   * @param centers proxies per class
   * @param features [N, D]
   */
  static void each(Backend backend, Head head, int centers, Tensor features, CosineSink row) {
    int proxies = (int) head.proxies().dim(0);
    int classes = proxies / centers;
    long n = features.dim(0);
    long block = Math.max(1, Math.min(n, CELLS / proxies));
    try (Arena kept = new Arena(backend.memory());
        Arena arena = new Arena(backend.memory())) {
      Tensor unitProxies = kept.allocate(head.proxies().dtype(), head.proxies().shape());
      backend.normalizeRows(head.proxies(), unitProxies);
      for (long from = 0; from < n; from += block) {
        arena.reset();
        long to = Math.min(n, from + block);
        Tensor z = head.embed(backend, features.rows(from, to), arena);
        backend.normalizeRows(z, z);
        Tensor s = arena.allocate(z.dtype(), to - from, proxies);
        backend.gemm(N, T, z, unitProxies, s);
        double[] values = s.toDoubles();
        for (int i = 0; i < to - from; i++) {
          row.take((int) from + i, classCosines(values, i * proxies, classes, centers));
        }
      }
    }
  }

  private static double[] classCosines(double[] values, int at, int classes, int centers) {
    double[] cosines = new double[classes];
    Arrays.fill(cosines, Double.NEGATIVE_INFINITY);
    for (int c = 0; c < classes; c++) {
      for (int k = 0; k < centers; k++) {
        cosines[c] = Math.max(cosines[c], values[at + c * centers + k]);
      }
    }
    return cosines;
  }

  /** The label's value minus the largest other one. */
  static double margin(double[] values, int label) {
    double other = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < values.length; c++) {
      other = c == label ? other : Math.max(other, values[c]);
    }
    return values[label] - other;
  }
}
