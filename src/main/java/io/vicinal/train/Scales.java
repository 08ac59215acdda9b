package io.vicinal.train;

import io.vicinal.config.DataConfig;
import io.vicinal.data.ArrayFile;
import io.vicinal.data.TableColumns;
import io.vicinal.tensor.Tensor;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Whether a few columns of features are so large that they alone decide every distance, such as a
 * size in bytes beside numbers below 1. One pass over the features. Stateless.
 */
final class Scales {
  private static final int PIECE = 1 << 20; // numbers that are read at a time
  private static final double FAR = 1000; // of one column's largest number to the next's
  private static final int FEW = 10; // columns that are named

  private Scales() {}

  /**
   * A sentence on such columns; null if there are none.
   *
   * @param features [N, D]
   * @param data where they come from
   */
  static String told(Tensor features, DataConfig data) {
    double[] most = largest(features);
    int[] order =
        IntStream.range(0, most.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer j) -> most[j]).reversed())
            .mapToInt(j -> j)
            .toArray();
    for (int k = 1; k <= Math.min(FEW, most.length / 2); k++) {
      double rest = most[order[k]];
      if (rest > 0 && most[order[k - 1]] >= FAR * rest) {
        int[] large = Arrays.stream(order, 0, k).sorted().toArray();
        return sentence(large, most[order[0]], rest, data);
      }
    }
    return null;
  }

  private static String sentence(int[] large, double most, double rest, DataConfig data) {
    TableColumns table =
        data.features() == null
            ? null
            : ArrayFile.columns(data.features(), large, data.labels(), data.sampleNames());
    List<String> names =
        table != null
            ? table.names()
            : Arrays.stream(large).mapToObj(j -> j + " of the features").toList();
    return String.format(
        Locale.ROOT,
        "%s %s %s values up to %s, the others up to %s: distances are little but %s; scale %s,"
            + " or leave %s out%s",
        large.length == 1 ? "column" : "columns",
        String.join(", ", names),
        large.length == 1 ? "has" : "have",
        rounded(most),
        rounded(rest),
        large.length == 1 ? "its differences" : "their differences",
        large.length == 1 ? "it" : "them",
        large.length == 1 ? "it" : "them",
        table == null ? "" : " (" + table.others() + ")");
  }

  private static String rounded(double value) {
    BigDecimal three = new BigDecimal(value).round(new MathContext(3));
    return value < 1e12 && value > 1e-6
        ? three.stripTrailingZeros().toPlainString()
        : Double.toString(three.doubleValue());
  }

  /** The largest absolute value of each column. */
  private static double[] largest(Tensor features) {
    int width = Math.toIntExact(features.dim(1));
    double[] most = new double[width];
    long step = Math.max(1, PIECE / width);
    for (long from = 0; from < features.dim(0); from += step) {
      double[] piece = features.rows(from, Math.min(features.dim(0), from + step)).toDoubles();
      for (int i = 0, j = 0; i < piece.length; i++, j = j + 1 == width ? 0 : j + 1) {
        most[j] = Math.max(most[j], Math.abs(piece[i]));
      }
    }
    return most;
  }
}
