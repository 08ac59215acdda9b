package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * All pairs of rows that are at least so similar, or at most so far apart: how many there are,
 * exactly, and the closest of them, closest first, equal ones by the lower first row, then the
 * lower second. Nothing of size rows x rows is kept, and no more pairs than are asked for.
 *
 * <p>What decides is the squared distance of float32 rows, summed in double in one fixed order, as
 * in {@link Neighbours}: neither threads nor devices have a say in which pairs there are. For
 * cosines the rows are divided by their norms and rounded to float32, and a cosine of at least t is
 * a squared distance of at most 2 - 2 t; -1 takes all pairs, 1 those whose unit rows are equal.
 *
 * <p>The arrays are not copied: treat them as read-only.
 *
 * @param total how many pairs there are
 * @param first the one row of each kept pair; within one set the lower
 * @param second the other row
 * @param distances the squared distance of each, of unit rows where cosines were asked for
 * @param directionless rows of zeros, which have no cosine and are in no pair; 0 for distances
 */
public record ClosePairs(
    long total, int[] first, int[] second, double[] distances, long directionless) {

  /** How many pairs are kept. */
  public int kept() {
    return first.length;
  }

  /** The cosine of kept pair {@code i}, where cosines were asked for. */
  public double cosine(int i) {
    return Math.max(-1, 1 - distances[i] / 2);
  }

  /**
   * Pairs of a cosine of at least {@code least}.
   *
   * @param rows a floating-point matrix [N, d], on the backend's device or the host; no rows are no
   *     pairs
   * @param others [G, d]; null for the rows themselves, every two of them once
   * @param least -1 to 1
   * @param most pairs that are kept; 0 only counts them
   * @throws InputException if shapes do not fit, a number is out of range or a value not finite
   * @throws CancelledException if the thread is interrupted
   */
  public static ClosePairs ofCosine(
      Tensor rows, Tensor others, double least, int most, Backend backend) {
    if (!(least >= -1 && least <= 1)) {
      throw new InputException("cosine: must be -1 to 1, got " + least);
    }
    double limit = least == -1 ? Double.POSITIVE_INFINITY : 2 - 2 * least;
    return search(rows, others, true, limit, most, backend);
  }

  /**
   * Pairs of a squared Euclidean distance of at most {@code squared}.
   *
   * @param rows as in {@link #ofCosine}
   * @param others as in {@link #ofCosine}
   * @param squared 0 or more; infinity takes all pairs
   * @param most pairs that are kept; 0 only counts them
   * @throws InputException if shapes do not fit, a number is out of range or a value not finite
   * @throws CancelledException if the thread is interrupted
   */
  public static ClosePairs ofDistance(
      Tensor rows, Tensor others, double squared, int most, Backend backend) {
    if (!(squared >= 0)) {
      throw new InputException("squared distance: must be 0 or more, got " + squared);
    }
    return search(rows, others, false, squared, most, backend);
  }

  private static ClosePairs search(
      Tensor rows, Tensor others, boolean cosines, double limit, int most, Backend backend) {
    if (most < 0) {
      throw new InputException("pairs to keep: must be 0 or more, got " + most);
    }
    boolean sameSet = others == null;
    boolean empty = noRows("rows", rows);
    if (!sameSet) {
      empty |= noRows("others", others);
      MatrixChecks.sameWidth("rows", rows, "others", others);
    }
    if (empty) {
      return new ClosePairs(0, new int[0], new int[0], new double[0], 0);
    }
    try (Arena arena = new Arena(backend.memory())) {
      Tensor a = MeasuredRows.prepare(backend, "rows", rows, cosines, arena);
      Tensor b = sameSet ? a : MeasuredRows.prepare(backend, "others", others, cosines, arena);
      return plain(a, b, sameSet, cosines, limit, most);
    }
  }

  private static boolean noRows(String name, Tensor x) {
    if (x.shape().rank() != 2 || x.dim(1) < 1 || x.dtype() == DType.I64) {
      throw new InputException(name + ": needs a floating-point matrix [rows, d], got " + x);
    }
    return MatrixChecks.rowCount(name, x) == 0;
  }

  private static ClosePairs plain(
      Tensor a, Tensor b, boolean sameSet, boolean cosines, double limit, int most) {
    double[] x = a.toDoubles();
    double[] y = sameSet ? x : b.toDoubles();
    int width = (int) a.dim(1);
    int n = (int) a.dim(0);
    int m = (int) b.dim(0);
    boolean[] zeroX = zeros(x, n, width, cosines);
    boolean[] zeroY = sameSet ? zeroX : zeros(y, m, width, cosines);
    ClosestKept kept = new ClosestKept(most);
    long total = 0;
    for (int i = 0; i < n; i++) {
      MatrixChecks.checkInterrupt("close pairs");
      for (int j = sameSet ? i + 1 : 0; j < m; j++) {
        if (zeroX[i] || zeroY[j]) {
          continue;
        }
        double distance = distance(x, i * width, y, j * width, width);
        if (distance <= limit) {
          total++;
          kept.add(distance, i, j);
        }
      }
    }
    long directionless = count(zeroX) + (sameSet ? 0 : count(zeroY));
    kept.sort();
    int[] first = new int[kept.count()];
    int[] second = new int[kept.count()];
    double[] distances = new double[kept.count()];
    for (int p = 0; p < first.length; p++) {
      first[p] = kept.first(p);
      second[p] = kept.second(p);
      distances[p] = kept.distance(p);
    }
    return new ClosePairs(total, first, second, distances, directionless);
  }

  private static boolean[] zeros(double[] x, int n, int width, boolean cosines) {
    boolean[] zero = new boolean[n];
    for (int i = 0; i < n; i++) {
      zero[i] = cosines;
      for (int j = i * width; j < (i + 1) * width; j++) {
        zero[i] &= x[j] == 0;
      }
    }
    return zero;
  }

  private static long count(boolean[] flags) {
    long sum = 0;
    for (boolean flag : flags) {
      sum += flag ? 1 : 0;
    }
    return sum;
  }

  /** In the order of exact_distance.hpp. */
  private static double distance(double[] a, int i, double[] b, int j, int width) {
    double[] sum = new double[8];
    for (int at = 0; at < width; at++) {
      double d = a[i + at] - b[j + at];
      sum[at % 8] += d * d;
    }
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
  }
}
