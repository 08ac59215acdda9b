package io.vicinal.retrieval;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.Transpose;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Metrics of how rows lie in their space: distances within and between classes, the spread of the
 * singular values, norms. Sums are float64; memory is one row of sums for each class, a d x d
 * matrix (N x N where N is smaller), a number for each row.
 */
final class SpaceMetrics {
  private static final double SMALLEST = 1e-8; // divisor of a ratio

  /**
   * Singular values are roots of eigenvalues, whose error is 2^-52 of the largest: below this share
   * of the largest they are noise.
   */
  private static final double NOISE = 0x1p-26;

  private SpaceMetrics() {}

  /**
   * Mean cosine distances; each mean of nothing is 0.
   *
   * @param intra mean over the classes of two rows or more of the mean over their pairs
   * @param inter mean over the pairs of classes
   * @param classes how many there are
   */
  record Distances(double intra, double inter, int classes) {
    double ratio() {
      return classes < 2 ? 0 : intra / Math.max(inter, SMALLEST);
    }
  }

  /**
   * From sums over classes: the cosines of the ordered pairs among unit rows u_i add up to |sum
   * u_i|^2 - sum |u_i|^2. A zero row has the cosine 0 to every other. Classes are compared by the
   * sums of their rows as they are.
   *
   * @param loneCompat a class of one row counts, as {@link MetricCompat#LONE_DISTANCES} says
   */
  static Distances distances(MeasuredRows rows, boolean loneCompat) {
    long[] labels = rows.labels();
    long[] classes = Arrays.stream(labels).sorted().distinct().toArray();
    int width = rows.width();
    double[][] sums = new double[classes.length][width]; // of rows
    double[][] units = new double[classes.length][width]; // of unit rows
    double[] squares = new double[classes.length];
    long[] counts = new long[classes.length];
    rows.forEach(
        false,
        (from, count, values) -> {
          for (int i = 0; i < count; i++) {
            int c = Arrays.binarySearch(classes, labels[from + i]);
            counts[c]++;
            double norm = norm(values, i * width, width);
            if (norm > 0) {
              squares[c]++;
              for (int j = 0; j < width; j++) {
                sums[c][j] += values[i * width + j];
                units[c][j] += values[i * width + j] / norm;
              }
            }
          }
        });
    double intra = intra(units, squares, counts, loneCompat);
    return new Distances(intra, inter(sums), classes.length);
  }

  private static double intra(
      double[][] units, double[] squares, long[] counts, boolean loneCompat) {
    double[] means = new double[counts.length];
    for (int c = 0; c < means.length; c++) {
      double pairs = (double) counts[c] * (counts[c] - 1);
      means[c] = pairs == 0 ? Double.NaN : 1 - (square(units[c]) - squares[c]) / pairs;
    }
    double lone = means.length < 2 ? Double.NaN : Math.max(means[0], means[1]);
    double sum = 0;
    int counted = 0;
    for (double mean : means) {
      if (loneCompat || !Double.isNaN(mean)) {
        sum += Double.isNaN(mean) ? lone : mean;
        counted++;
      }
    }
    return counted == 0 ? 0 : sum / counted;
  }

  private static double inter(double[][] sums) {
    int classes = sums.length;
    if (classes < 2) {
      return 0;
    }
    double[] all = new double[sums[0].length];
    double squares = 0;
    for (double[] sum : sums) {
      double norm = norm(sum, 0, sum.length);
      if (norm > 0) {
        squares++;
        for (int j = 0; j < all.length; j++) {
          all[j] += sum[j] / norm;
        }
      }
    }
    return 1 - (square(all) - squares) / ((double) classes * (classes - 1));
  }

  private static double square(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value * value;
    }
    return sum;
  }

  /** The Euclidean norm; no square overflows or vanishes. */
  static double norm(double[] values, int from, int width) {
    double largest = 0;
    for (int j = from; j < from + width; j++) {
      largest = Math.max(largest, Math.abs(values[j]));
    }
    if (largest == 0) {
      return 0;
    }
    double sum = 0;
    for (int j = from; j < from + width; j++) {
      double part = values[j] / largest;
      sum += part * part;
    }
    return largest * Math.sqrt(sum);
  }

  /** The norm of every row as it was given, the queries' before the gallery's. */
  static double[] norms(MeasuredRows rows) {
    double[] norms = new double[rows.labels().length];
    int width = rows.width();
    rows.forEach(
        true,
        (from, count, values) -> {
          for (int i = 0; i < count; i++) {
            norms[from + i] = norm(values, i * width, width);
          }
        });
    return norms;
  }

  /**
   * A percentile, linear between two order statistics as NumPy's default.
   *
   * @param percent 0 to 100
   */
  static double percentile(double[] sorted, double percent) {
    double at = percent / 100 * (sorted.length - 1);
    int below = (int) Math.floor(at);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /**
   * The singular values of the rows, not centred, descending: min(N, d) of them, from the exact
   * eigenvalues of the smaller of X'X and XX' in double. Those that are noise are set to the
   * largest value that noise can have, 2^-26 of the first: a rank that is not full has one value on
   * every machine. Of zero rows all are 1.
   *
   * @param truncated as {@link MetricCompat#RHO_TRUNCATED} says
   */
  static double[] spectrum(Backend backend, MeasuredRows rows, boolean truncated) {
    double[] values = eigenvalues(backend, rows);
    double[] singular = new double[values.length];
    double first = Math.sqrt(Math.max(0, values[values.length - 1]));
    for (int i = 0; i < singular.length; i++) {
      double value = Math.sqrt(Math.max(0, values[values.length - 1 - i]));
      singular[i] = first == 0 ? 1 : Math.max(value, first * NOISE);
    }
    int kept = Math.max(1, Math.min(rows.width() - 1, 511));
    return truncated ? Arrays.copyOf(singular, Math.min(singular.length, kept)) : singular;
  }

  private static double[] eigenvalues(Backend backend, MeasuredRows rows) {
    int count = rows.labels().length;
    int width = rows.width();
    try (Arena arena = new Arena(backend.memory())) {
      int side = Math.min(count, width);
      Tensor products = arena.allocate(DType.F64, side, side);
      if (count < width) {
        Tensor all = arena.allocate(DType.F64, count, width);
        rows.forEach(false, (from, n, values) -> all.rows(from, from + n).set(values));
        backend.gemm(Transpose.N, Transpose.T, all, all, products);
      } else {
        addProducts(backend, rows, products);
      }
      Tensor values = arena.allocate(DType.F64, side);
      backend.symmetricEigen(products, values);
      return values.toDoubles();
    }
  }

  /** X'X, block by block. */
  private static void addProducts(Backend backend, MeasuredRows rows, Tensor total) {
    int width = rows.width();
    total.set(new double[width * width]);
    try (Arena arena = new Arena(backend.memory())) {
      rows.forEach(
          false,
          (from, count, values) -> {
            Tensor block = arena.allocate(DType.F64, count, width);
            Tensor part = arena.allocate(DType.F64, width, width);
            block.set(values);
            backend.gemm(Transpose.T, Transpose.N, block, block, part);
            backend.axpy(
                new double[] {1},
                part.reshape(1, (long) width * width),
                total.reshape(1, (long) width * width));
            arena.reset();
          });
    }
  }

  /** The shares of the singular values without the largest {@code left}. */
  static List<Double> shares(double[] singular, int left, MetricId id) {
    if (left >= singular.length) {
      throw new InputException(
          "metrics: "
              + id
              + " leaves out "
              + left
              + " singular values, but there are "
              + singular.length
              + "; lower m");
    }
    double sum = Arrays.stream(singular).skip(left).sum();
    List<Double> shares = new ArrayList<>();
    for (int i = left; i < singular.length; i++) {
      shares.add(singular[i] / sum);
    }
    return Collections.unmodifiableList(shares);
  }

  /**
   * {@code rho@m}.
   *
   * @param m not 0
   */
  static double rho(double[] singular, int m, MetricId id) {
    List<Double> shares = shares(singular, Math.abs(m) - 1, id);
    double uniform = 1.0 / shares.size();
    double sum = 0;
    for (double share : shares) {
      sum += m > 0 ? uniform * Math.log(uniform / share) : share * Math.log(share / uniform);
    }
    return sum;
  }
}
