package io.vicinal.retrieval;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * All pairs of rows that are at least so similar, or at most so far apart: how many there are,
 * exactly, and the closest of them, closest first, equal ones by the lower first row, then the
 * lower second. Nothing of size rows x rows is kept, and no more pairs than are asked for.
 *
 * <p>What decides is the squared distance of float32 rows, summed in double in one fixed order, as
 * in {@link Neighbours}: neither threads nor devices have a say in which pairs there are. For
 * cosines the rows are divided by their norms and rounded to float32, and a cosine of at least t is
 * a squared distance of at most 2 - 2 t; -1 takes all pairs, 1 those whose unit rows are equal. The
 * rounding moves a cosine by less than 5e-7, and by much less near 1.
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
    long possible = rows.dim(0) * (sameSet ? rows.dim(0) - 1 : others.dim(0)) / (sameSet ? 2 : 1);
    int places = (int) Math.min(most, possible);
    int[] first = new int[places];
    int[] second = new int[places];
    double[] distances = new double[places];
    long[] zeros = cosines ? new long[1] : null;
    try (Arena arena = new Arena(backend.memory())) {
      Tensor a = MeasuredRows.prepare(backend, "rows", rows, cosines, arena);
      Tensor b = sameSet ? null : MeasuredRows.prepare(backend, "others", others, cosines, arena);
      long total = backend.closePairs(a, b, limit, first, second, distances, zeros);
      int kept = (int) Math.min(places, total);
      return new ClosePairs(
          total,
          Arrays.copyOf(first, kept),
          Arrays.copyOf(second, kept),
          Arrays.copyOf(distances, kept),
          cosines ? zeros[0] : 0);
    }
  }

  private static boolean noRows(String name, Tensor x) {
    if (x.shape().rank() != 2 || x.dim(1) < 1 || x.dtype() == DType.I64) {
      throw new InputException(name + ": needs a floating-point matrix [rows, d], got " + x);
    }
    return MatrixChecks.rowCount(name, x) == 0;
  }
}
