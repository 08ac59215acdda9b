package io.vicinal.retrieval;

import java.util.Arrays;

/**
 * How many pairs of each class match at some thresholds. A pair of two classes counts for both.
 *
 * @param positives matching pairs within a class, [classes][thresholds]
 * @param negatives matching pairs with one row in a class
 * @param positivePairs all pairs within a class
 * @param negativePairs all pairs with one row in it
 */
record ClassCounts(
    long[][] positives, long[][] negatives, long[] positivePairs, long[] negativePairs) {
  /**
   * @param thresholds ascending; a distance matches if it is not larger
   */
  static ClassCounts of(PairStream pairs, double[] thresholds) {
    long[] labels = pairs.rows().labels();
    long[] names = Arrays.stream(labels).sorted().distinct().toArray();
    int[] classes =
        Arrays.stream(labels).mapToInt(label -> Arrays.binarySearch(names, label)).toArray();
    ClassCounts counts =
        new ClassCounts(
            new long[names.length][thresholds.length],
            new long[names.length][thresholds.length],
            new long[names.length],
            new long[names.length]);
    double largest = thresholds[thresholds.length - 1];
    pairs.forEach(
        (row, first, count, distances, at) -> {
          int own = classes[row];
          for (int i = 0; i < count; i++) {
            int other = classes[first + i];
            double distance = distances[at + i];
            (own == other ? counts.positivePairs : counts.negativePairs)[own]++;
            if (own != other) {
              counts.negativePairs[other]++;
            }
            if (distance <= largest) {
              int place = place(thresholds, distance);
              (own == other ? counts.positives : counts.negatives)[own][place]++;
              if (own != other) {
                counts.negatives[other][place]++;
              }
            }
          }
        });
    for (int c = 0; c < names.length; c++) {
      for (int t = 1; t < thresholds.length; t++) {
        counts.positives[c][t] += counts.positives[c][t - 1];
        counts.negatives[c][t] += counts.negatives[c][t - 1];
      }
    }
    return counts;
  }

  /** The first threshold at which a distance matches. */
  private static int place(double[] thresholds, double distance) {
    int low = 0;
    int high = thresholds.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (distance <= thresholds[middle]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** One threshold's counts by class. */
  long[] column(long[][] counts, int threshold) {
    return Arrays.stream(counts).mapToLong(of -> of[threshold]).toArray();
  }

  /** Classes that have both kinds of pairs. */
  int usable() {
    int usable = 0;
    for (int c = 0; c < positivePairs.length; c++) {
      usable += positivePairs[c] > 0 && negativePairs[c] > 0 ? 1 : 0;
    }
    return usable;
  }

  /**
   * OPIS, as {@link OperatingPoint} has it.
   *
   * @param skipped a threshold that is none of its own
   */
  double inconsistency(int skipped) {
    int usable = usable();
    int thresholds = positives.length == 0 ? 0 : positives[0].length;
    double sum = 0;
    for (int t = 0; usable > 0 && t < thresholds; t++) {
      if (t == skipped) {
        continue;
      }
      double mean = 0;
      double squares = 0;
      for (int pass = 0; pass < 2; pass++) {
        for (int c = 0; c < positives.length; c++) {
          if (positivePairs[c] > 0 && negativePairs[c] > 0) {
            double utility = utility(c, t);
            mean += pass == 0 ? utility / usable : 0;
            squares += pass == 0 ? 0 : (utility - mean) * (utility - mean);
          }
        }
      }
      sum += squares / usable;
    }
    return usable == 0 ? 0 : sum / (thresholds - 1);
  }

  private double utility(int c, int t) {
    double a = (double) positives[c][t] / positivePairs[c];
    double b = 1 - (double) negatives[c][t] / negativePairs[c];
    return a + b == 0 ? 0 : 2 * a * b / (a + b);
  }
}
