package io.vicinal.kit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How far two sides' results are apart, at most. Immutable.
 *
 * @param error relative to the output's largest element; infinite for a NaN or another integer
 * @param where the output
 * @param size its largest element
 */
record Difference(double error, String where, double size) {
  static final Difference NONE = new Difference(0, "", 0);

  static Difference of(List<Side.Result> expected, List<Side.Result> actual, Precision precision) {
    Difference worst = NONE;
    for (int i = 0; i < expected.size(); i++) {
      Side.Result a = expected.get(i);
      Side.Result b = actual.get(i);
      double size = a.values() == null ? 0 : size(a.values(), precision.smallest());
      double error = a.values() == null ? exact(a, b) : relative(a.values(), b.values(), size);
      if (error > worst.error) {
        worst = new Difference(error, a.name(), size);
      }
    }
    return worst;
  }

  private static double exact(Side.Result a, Side.Result b) {
    return Arrays.equals(a.integers(), b.integers()) ? 0 : Double.POSITIVE_INFINITY;
  }

  private static double size(double[] values, double smallest) {
    double size = smallest;
    for (double value : values) {
      size = Math.max(size, Double.isFinite(value) ? Math.abs(value) : 0);
    }
    return size;
  }

  private static double relative(double[] a, double[] b, double size) {
    double most = 0;
    for (int i = 0; i < a.length; i++) {
      if (a[i] == b[i] || (Double.isNaN(a[i]) && Double.isNaN(b[i]))) {
        continue;
      }
      double off = Math.abs(a[i] - b[i]) / size;
      most = Double.isNaN(off) ? Double.POSITIVE_INFINITY : Math.max(most, off);
    }
    return most;
  }

  @Override
  public String toString() {
    String figure = String.format(Locale.ROOT, "%.1e", error);
    return where.isEmpty()
        ? figure
        : figure + String.format(Locale.ROOT, " (%s, largest %.1e)", where, size);
  }
}
