package io.vicinal.curate.doctor;

import io.vicinal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** What is wrong with features, found in one pass over blocks of rows. For one thread. */
final class FeatureChecks {
  private static final int BLOCK = 1 << 20; // numbers that are read at once
  private static final double UNIT = 1e-3; // a norm this near to 1 is 1
  private static final double TIMES = 2; // between two scales of norms nothing lies
  private static final double SHARE = 0.2; // likewise between two shares of negative numbers
  private static final int FEWEST = 3; // rows on each side of such a gap, or
  private static final double FEWEST_SHARE = 0.01;

  private final Tensor rows;
  private final int[] ids;
  private final int count;
  private final int width;
  private final double[] norms;
  private final double[] negative;
  private final float[] low;
  private final float[] high;
  private final boolean[] finite;
  private final List<Finding> findings = new ArrayList<>();

  FeatureChecks(SampleFeatures features) {
    rows = features.rows();
    ids = features.ids();
    count = Math.toIntExact(rows.dim(0));
    width = Math.toIntExact(rows.dim(1));
    norms = new double[count];
    negative = new double[count];
    finite = new boolean[count];
    low = new float[width];
    high = new float[width];
    Arrays.fill(low, Float.POSITIVE_INFINITY);
    Arrays.fill(high, Float.NEGATIVE_INFINITY);
    int block = Math.max(1, BLOCK / width);
    for (int from = 0; from < count; from += block) {
      int to = Math.min(count, from + block);
      look(from, to, rows.rows(from, to).toFloats());
    }
  }

  /** By row: whether all its numbers are finite and one is not zero. */
  boolean[] usable() {
    boolean[] usable = finite.clone();
    for (int row = 0; row < count; row++) {
      usable[row] &= norms[row] > 0;
    }
    return usable;
  }

  private void look(int from, int to, float[] values) {
    for (int row = from; row < to; row++) {
      double squares = 0;
      int below = 0;
      boolean good = true;
      int at = (row - from) * width;
      for (int j = 0; j < width; j++) {
        float value = values[at + j];
        good &= Float.isFinite(value);
        squares += (double) value * value;
        below += value < 0 ? 1 : 0;
      }
      finite[row] = good;
      norms[row] = good ? Math.sqrt(squares) : Double.NaN;
      negative[row] = (double) below / width;
      for (int j = 0; good && j < width; j++) {
        low[j] = Math.min(low[j], values[at + j]);
        high[j] = Math.max(high[j], values[at + j]);
      }
    }
  }

  List<Finding> findings() {
    for (int row = 0; row < count; row++) {
      if (!finite[row]) {
        add(FindingKind.FEATURE_NOT_FINITE, row, "its features have NaN or infinity");
      } else if (norms[row] == 0) {
        add(FindingKind.FEATURE_ZERO, row, "all its features are 0");
      }
    }
    int[] good = IntStream.range(0, count).filter(row -> norms[row] > 0).toArray();
    if (good.length > 1) {
      columns();
      double[] sorted = IntStream.of(good).mapToDouble(row -> norms[row]).sorted().toArray();
      norms(sorted);
      mixed(sorted, IntStream.of(good).mapToDouble(row -> negative[row]).sorted().toArray());
    }
    return findings;
  }

  private void add(FindingKind kind, int row, String what) {
    findings.add(
        ids == null || ids[row] < 0
            ? Finding.of(kind, "row " + row, what, row, row)
            : Finding.of(kind, ids[row], what, row, row));
  }

  private void columns() {
    for (int j = 0; j < width; j++) {
      if (low[j] == high[j]) {
        String what = low[j] == 0 ? "is 0 in all rows: dead" : "is " + low[j] + " in all rows";
        findings.add(Finding.of(FindingKind.FEATURE_CONSTANT, "feature " + j, what, low[j], j));
      }
    }
  }

  private void norms(double[] sorted) {
    if (sorted[0] > 1 - UNIT && sorted[sorted.length - 1] < 1 + UNIT) {
      return;
    }
    double median = sorted[sorted.length / 2];
    String what =
        say(
            "rows have norms of %.4g to %.4g, the median is %.4g",
            sorted[0], sorted[sorted.length - 1], median);
    findings.add(Finding.of(FindingKind.FEATURE_NORMS, "all rows", what, median, 0));
  }

  private void mixed(double[] norms, double[] negatives) {
    int least = (int) Math.max(FEWEST, Math.ceil(FEWEST_SHARE * norms.length));
    int at = gap(Arrays.stream(norms).map(Math::log).toArray(), least);
    if (at > 0 && norms[at] >= TIMES * norms[at - 1]) {
      String what =
          say(
              "%,d rows have norms up to %.4g, the other %,d from %.4g on, none lies between",
              at, norms[at - 1], norms.length - at, norms[at]);
      double times = norms[at] / norms[at - 1];
      findings.add(Finding.of(FindingKind.FEATURE_MIXED, "all rows", what, times, 0));
    }
    at = gap(negatives, least);
    if (at > 0 && negatives[at] - negatives[at - 1] >= SHARE) {
      String what =
          say(
              "%,d rows have up to %.0f %% negative numbers, the other %,d from %.0f %% on",
              at, 100 * negatives[at - 1], negatives.length - at, 100 * negatives[at]);
      double share = negatives[at] - negatives[at - 1];
      findings.add(Finding.of(FindingKind.FEATURE_MIXED, "all rows", what, share, 1));
    }
  }

  /** Where sorted numbers jump most, with so many on each side; 0 if there are too few. */
  private static int gap(double[] sorted, int least) {
    int best = 0;
    for (int i = least; i <= sorted.length - least; i++) {
      if (best == 0 || sorted[i] - sorted[i - 1] > sorted[best] - sorted[best - 1]) {
        best = i;
      }
    }
    return best;
  }

  private static String say(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
