package io.vicinal.mine;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.Transpose;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * A batch as a miner sees it: classes, and how far every two embeddings are. It holds B² numbers.
 * Samples are positions in the batch. Not for several threads at once.
 */
public final class Candidates {
  /** What counts as rounding of a squared distance; as {@code Expr.squaredDistances}. */
  private static final double ROUNDINGS = 8;

  private static final int MOST = 46_340; // whose square is an int

  private final int width;
  private final double[] products; // [B, B]
  private final double noise; // of a squared distance, relative to the lengths
  private final int[] classes; // 0, 1, ... in the order of the labels
  private final int[][] members; // of each class, ascending
  private final int[][] others; // of each class, the samples of all others; made when asked for

  private Candidates(int width, double[] products, double noise, long[] labels) {
    this.width = width;
    this.products = products;
    this.noise = noise;
    long[] names = Arrays.stream(labels).distinct().sorted().toArray();
    classes = Arrays.stream(labels).mapToInt(y -> Arrays.binarySearch(names, y)).toArray();
    int[] counts = new int[names.length];
    for (int c : classes) {
      counts[c]++;
    }
    members = new int[names.length][];
    others = new int[names.length][];
    Arrays.setAll(members, c -> new int[counts[c]]);
    for (int i = classes.length - 1; i >= 0; i--) {
      members[classes[i]][--counts[classes[i]]] = i;
    }
  }

  /**
   * Compares a batch with itself.
   *
   * @param embeddings F32 or F64 [B, d]
   * @param labels the class of each, any integers
   * @param normalized whether embeddings are divided by their lengths first
   */
  public static Candidates of(
      Backend backend, Tensor embeddings, long[] labels, boolean normalized) {
    if (embeddings.dim(0) != labels.length) {
      throw new InputException(
          labels.length + " labels for " + embeddings.dim(0) + " embeddings; give one each");
    }
    if (labels.length > MOST) {
      throw new InputException(
          "mining compares every two samples of a batch, and "
              + labels.length
              + " are too many; give at most "
              + MOST);
    }
    double[] products;
    try (Arena arena = Arena.host()) {
      Tensor gram = arena.allocate(embeddings.dtype(), labels.length, labels.length);
      backend.gemm(Transpose.N, Transpose.T, embeddings, embeddings, gram);
      products = gram.toDoubles();
    }
    mirror(products, labels.length);
    if (normalized) {
      normalize(products, labels.length);
    }
    double epsilon = embeddings.dtype() == DType.F64 ? 0x1p-52 : 0x1p-23;
    return new Candidates((int) embeddings.dim(1), products, ROUNDINGS * epsilon, labels.clone());
  }

  /** A device may round the two halves differently, which no pair may notice. */
  private static void mirror(double[] square, int n) {
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        square[i * n + j] = square[j * n + i];
      }
    }
  }

  private static void normalize(double[] square, int n) {
    double[] scales = new double[n];
    for (int i = 0; i < n; i++) {
      double squared = square[i * n + i];
      scales[i] = squared == 0 ? 0 : 1 / Math.sqrt(squared);
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        square[i * n + j] *= scales[i] * scales[j];
      }
    }
  }

  /** The same embeddings with other classes. */
  public Candidates relabelled(long[] labels) {
    return new Candidates(width, products, noise, labels);
  }

  /** Samples, B. */
  public int size() {
    return classes.length;
  }

  /** The embeddings' width, d. */
  public int width() {
    return width;
  }

  /** How many classes there are. */
  public int classes() {
    return members.length;
  }

  /** A sample's class, from 0. */
  public int classOf(int i) {
    return classes[i];
  }

  /** The samples of a class, ascending. Shared: leave it as it is. */
  public int[] members(int c) {
    return members[c];
  }

  /** The other samples of its class, ascending. */
  public int[] positives(int i) {
    int[] all = members[classes[i]];
    int[] positives = new int[all.length - 1];
    int at = Arrays.binarySearch(all, i);
    System.arraycopy(all, 0, positives, 0, at);
    System.arraycopy(all, at + 1, positives, at, positives.length - at);
    return positives;
  }

  /** The samples of other classes, ascending. Shared: leave it as it is. */
  public int[] negatives(int i) {
    int c = classes[i];
    if (others[c] == null) {
      others[c] = new int[classes.length - members[c].length];
      int at = 0;
      for (int j = 0; j < classes.length; j++) {
        if (classes[j] != c) {
          others[c][at++] = j;
        }
      }
    }
    return others[c];
  }

  /** The inner product of two embeddings. */
  public double product(int i, int j) {
    return products[i * classes.length + j];
  }

  /** The squared Euclidean distance; rounding errors of it count as 0. */
  public double squaredDistance(int i, int j) {
    double lengths = product(i, i) + product(j, j);
    double squared = lengths - 2 * product(i, j);
    return squared <= noise * lengths ? 0 : squared;
  }

  /** The Euclidean distance. */
  public double distance(int i, int j) {
    return Math.sqrt(squaredDistance(i, j));
  }

  /** The nearest of some, the first of equals. */
  public int nearest(int i, int[] of) {
    int best = of[0];
    for (int j : of) {
      best = squaredDistance(i, j) < squaredDistance(i, best) ? j : best;
    }
    return best;
  }

  /** The farthest of some, the first of equals. */
  public int farthest(int i, int[] of) {
    int best = of[0];
    for (int j : of) {
      best = squaredDistance(i, j) > squaredDistance(i, best) ? j : best;
    }
    return best;
  }
}
