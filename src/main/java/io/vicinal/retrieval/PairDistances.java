package io.vicinal.retrieval;

import io.vicinal.InputException;
import java.util.Arrays;

/**
 * How far the pairs of one class are apart, and those of two classes. Where they are few all
 * distances are kept and sorted; else they are counted in 2^20 bins of equal width up to twice the
 * longest row's norm, and a threshold is a border of bins: rates at it are counted exactly, the
 * threshold itself is known to a bin's width.
 */
final class PairDistances {
  private static final int BINS = 1 << 20;

  private final double[] positives; // ascending; null with bins
  private final double[] negatives;
  private final long[] positiveBins; // null with sorted distances
  private final long[] negativeBins;
  private final double width; // of a bin
  private final long positiveCount;
  private final long negativeCount;
  private final double farthest;

  private PairDistances(double[] positives, double[] negatives) {
    Arrays.sort(positives);
    Arrays.sort(negatives);
    this.positives = positives;
    this.negatives = negatives;
    positiveBins = null;
    negativeBins = null;
    width = 0;
    positiveCount = positives.length;
    negativeCount = negatives.length;
    farthest =
        Math.max(
            positives.length == 0 ? 0 : positives[positives.length - 1],
            negatives.length == 0 ? 0 : negatives[negatives.length - 1]);
  }

  private PairDistances(long[] positiveBins, long[] negativeBins, double farthest) {
    positives = null;
    negatives = null;
    this.positiveBins = positiveBins;
    this.negativeBins = negativeBins;
    this.farthest = farthest;
    width = farthest / BINS;
    positiveCount = Arrays.stream(positiveBins).sum();
    negativeCount = Arrays.stream(negativeBins).sum();
  }

  static PairDistances of(PairStream pairs) {
    long[] labels = pairs.rows().labels();
    return pairs.isExact() ? sorted(pairs, labels) : binned(pairs, labels);
  }

  private static PairDistances sorted(PairStream pairs, long[] labels) {
    double[] all = new double[Math.toIntExact(pairs.pairs())];
    int[] ends = {0, all.length}; // positives grow from the front, negatives from the end
    pairs.forEach(
        (row, first, count, distances, at) -> {
          for (int i = 0; i < count; i++) {
            all[labels[row] == labels[first + i] ? ends[0]++ : --ends[1]] = distances[at + i];
          }
        });
    return new PairDistances(
        Arrays.copyOf(all, ends[0]), Arrays.copyOfRange(all, ends[0], all.length));
  }

  private static PairDistances binned(PairStream pairs, long[] labels) {
    long[] positive = new long[BINS];
    long[] negative = new long[BINS];
    double farthest = pairs.farthest();
    double scale = farthest > 0 ? BINS / farthest : 0;
    pairs.forEach(
        (row, first, count, distances, at) -> {
          for (int i = 0; i < count; i++) {
            int bin = (int) Math.min(BINS - 1, distances[at + i] * scale);
            (labels[row] == labels[first + i] ? positive : negative)[bin]++;
          }
        });
    return new PairDistances(positive, negative, farthest);
  }

  long positives() {
    return positiveCount;
  }

  long negatives() {
    return negativeCount;
  }

  /** How far a threshold may be from that of all distances; 0 where they are known. */
  double resolution() {
    return width;
  }

  /**
   * The largest threshold at which at most a share of the pairs of two classes matches, that is, is
   * not farther: halfway from the last distance that matches to the first of two classes that must
   * not. -1, at which nothing matches, where even equal rows must not.
   *
   * @param rate 0 to 1
   */
  double threshold(double rate) {
    if (negativeCount == 0) {
      throw new InputException(
          "labels: no two rows are of different classes, so there is no false match and no"
              + " threshold; give two classes or more");
    }
    long most = (long) Math.floor(rate * negativeCount * (1 + 1e-12));
    if (most >= negativeCount) {
      return farthest;
    }
    return positives == null ? border(most) : between(negatives[(int) most]);
  }

  private double between(double first) {
    double last = Math.max(below(positives, first), below(negatives, first));
    if (last < 0) {
      return first > 0 ? first / 2 : -1;
    }
    double half = last + (first - last) / 2;
    return half < first ? half : last;
  }

  /** The largest value below a limit, -1 if there is none. */
  private static double below(double[] sorted, double limit) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < limit) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? -1 : sorted[low - 1];
  }

  private double border(long most) {
    long sum = 0;
    int bin = 0;
    while (sum + negativeBins[bin] <= most) {
      sum += negativeBins[bin++];
    }
    return bin == 0 ? -1 : Math.nextDown(bin * width);
  }
}
