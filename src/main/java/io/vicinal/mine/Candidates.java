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
 *
 * <p>With a memory the batch is followed by what is remembered of earlier ones: R samples in all,
 * of which the first B are the anchors, and R B numbers. Two that are remembered are compared when
 * that is asked for, a class with all others at a time: the embeddings have to stay until then.
 */
public final class Candidates {
  /** What counts as rounding of a squared distance; as {@code Expr.squaredDistances}. */
  private static final double ROUNDINGS = 8;

  private final int width;
  private final int anchors; // B
  private final double[] products; // [B, R]
  private final double[] squares; // [R], each with itself
  private final Rest rest;
  private final double noise; // of a squared distance, relative to the lengths
  private final int[] classes; // [R], 0, 1, ... in the order of the labels
  private final int[][] members; // of each class, ascending
  private final int[][] others; // of each class, the samples of all others; made when asked for

  private Candidates(
      int width,
      int anchors,
      double[] products,
      double[] squares,
      Rest rest,
      double noise,
      long[] labels) {
    this.width = width;
    this.anchors = anchors;
    this.products = products;
    this.squares = squares;
    this.rest = rest;
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
    return of(backend, embeddings, labels, labels.length, normalized);
  }

  /**
   * Compares a batch with itself and what is remembered.
   *
   * @param embeddings F32 or F64 [R, d], the batch first
   * @param labels the class of each, any integers
   * @param anchors samples of the batch, B
   * @param normalized whether embeddings are divided by their lengths first
   */
  public static Candidates of(
      Backend backend, Tensor embeddings, long[] labels, int anchors, boolean normalized) {
    if (embeddings.dim(0) != labels.length) {
      throw new InputException(
          labels.length + " labels for " + embeddings.dim(0) + " embeddings; give one each");
    }
    if ((long) labels.length * anchors > Integer.MAX_VALUE) {
      throw new InputException(
          "mining compares every two samples, and "
              + anchors
              + " with "
              + labels.length
              + " are too many; give a smaller batch"
              + (anchors < labels.length ? " or memory" : ""));
    }
    double[] products;
    try (Arena arena = Arena.host()) {
      Tensor gram = arena.allocate(embeddings.dtype(), anchors, labels.length);
      backend.gemm(Transpose.N, Transpose.T, embeddings.rows(0, anchors), embeddings, gram);
      products = gram.toDoubles();
    }
    mirror(products, anchors, labels.length);
    double[] squares = squares(products, embeddings, anchors);
    double[] scales = new double[labels.length];
    Arrays.fill(scales, 1);
    if (normalized) {
      normalize(products, squares, scales);
    }
    double epsilon = embeddings.dtype() == DType.F64 ? 0x1p-52 : 0x1p-23;
    return new Candidates(
        (int) embeddings.dim(1),
        anchors,
        products,
        squares,
        new Rest(backend, embeddings.rows(anchors, labels.length), scales),
        ROUNDINGS * epsilon,
        labels.clone());
  }

  /** A device may round the two halves differently, which no pair may notice. */
  private static void mirror(double[] products, int anchors, int all) {
    for (int i = 0; i < anchors; i++) {
      for (int j = 0; j < i; j++) {
        products[i * all + j] = products[j * all + i];
      }
    }
  }

  private static double[] squares(double[] products, Tensor embeddings, int anchors) {
    int all = (int) embeddings.dim(0);
    int width = (int) embeddings.dim(1);
    double[] squares = new double[all];
    for (int i = 0; i < anchors; i++) {
      squares[i] = products[i * all + i];
    }
    double[] remembered = embeddings.rows(anchors, all).toDoubles();
    for (int k = 0; k < remembered.length; k++) {
      squares[anchors + k / width] += remembered[k] * remembered[k];
    }
    return squares;
  }

  private static void normalize(double[] products, double[] squares, double[] scales) {
    int all = squares.length;
    for (int i = 0; i < all; i++) {
      scales[i] = squares[i] == 0 ? 0 : 1 / Math.sqrt(squares[i]);
      squares[i] *= scales[i] * scales[i];
    }
    for (int i = 0; i < products.length / all; i++) {
      for (int j = 0; j < all; j++) {
        products[i * all + j] *= scales[i] * scales[j];
      }
    }
  }

  /** The same embeddings with other classes. */
  public Candidates relabelled(long[] labels) {
    return new Candidates(width, anchors, products, squares, rest, noise, labels);
  }

  /** Samples of the batch, B: the anchors. */
  public int size() {
    return anchors;
  }

  /** Samples that they are compared with, R: the batch, and behind it what is remembered. */
  public int references() {
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

  /** Those of the batch, ascending. */
  public int[] anchors(int c) {
    int end = Arrays.binarySearch(members[c], anchors);
    return Arrays.copyOf(members[c], end < 0 ? -end - 1 : end);
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
    if (i < anchors) {
      return products[i * classes.length + j];
    }
    if (j < anchors) {
      return products[j * classes.length + i];
    }
    if (!rest.has(i - anchors)) {
      rest.compare(Arrays.stream(members[classes[i]]).map(k -> k - anchors).toArray());
    }
    return rest.product(i - anchors, j - anchors);
  }

  /** The squared Euclidean distance; rounding errors of it count as 0. */
  public double squaredDistance(int i, int j) {
    double lengths = squares[i] + squares[j];
    double squared = lengths - 2 * product(i, j);
    return squared <= noise * lengths ? 0 : squared;
  }

  /** Those to some. */
  double[] squaredDistances(int i, int[] of) {
    double[] distances = new double[of.length];
    for (int k = 0; k < of.length; k++) {
      distances[k] = squaredDistance(i, of[k]);
    }
    return distances;
  }

  /** The Euclidean distance. */
  public double distance(int i, int j) {
    return Math.sqrt(squaredDistance(i, j));
  }

  /** Products of two that are remembered, M of them: rows [M], made when they are asked for. */
  private static final class Rest {
    private static final int BLOCK = 1 << 22; // products at a time

    private final Backend backend;
    private final Tensor embeddings; // [M, d]
    private final double[] scales; // of all R, the last M of which are these
    private final double[][] rows;

    Rest(Backend backend, Tensor embeddings, double[] scales) {
      this.backend = backend;
      this.embeddings = embeddings;
      this.scales = scales;
      rows = new double[(int) embeddings.dim(0)][];
    }

    boolean has(int i) {
      return rows[i] != null;
    }

    double product(int i, int j) {
      return rows[i][j];
    }

    /**
     * Makes some rows.
     *
     * @param of those below 0 are left out
     */
    void compare(int[] of) {
      int[] some = Arrays.stream(of).filter(i -> i >= 0 && !has(i)).toArray();
      int block = Math.max(1, BLOCK / rows.length);
      for (int from = 0; from < some.length; from += block) {
        compareAll(Arrays.copyOfRange(some, from, Math.min(from + block, some.length)));
      }
    }

    private void compareAll(int[] some) {
      int all = rows.length;
      double[] products;
      try (Arena arena = Arena.host()) {
        Tensor x = arena.allocate(embeddings.dtype(), some.length, embeddings.dim(1));
        long[] ids = Arrays.stream(some).asLongStream().toArray();
        backend.gatherRows(embeddings, arena.of(ids, ids.length), x);
        Tensor gram = arena.allocate(embeddings.dtype(), some.length, all);
        backend.gemm(Transpose.N, Transpose.T, x, embeddings, gram);
        products = gram.toDoubles();
      }
      int before = scales.length - all;
      for (int k = 0; k < some.length; k++) {
        double[] row = new double[all];
        for (int j = 0; j < all; j++) {
          double scale = scales[before + some[k]] * scales[before + j];
          row[j] = has(j) ? rows[j][some[k]] : products[k * all + j] * scale;
        }
        rows[some[k]] = row;
      }
    }
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
