package io.vicinal.retrieval;

import io.vicinal.backend.Backend;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * What one threshold for all classes does: two rows match if they are not farther apart. Immutable.
 *
 * <p>OPIS (Zhang et al., ICLR 2024, arXiv 2307.04047) says how differently one threshold serves
 * classes. With a_c(t) the share of the pairs of class c that match at the threshold t, b_c(t) the
 * share of the pairs with one row in it that do not, and U_c = 2 a_c b_c / (a_c + b_c), it is the
 * mean over classes and over thresholds of (U_c(t) - mean of U(t) over classes)^2. The thresholds
 * are 101, equally spaced, from that of the false-match rate 0.01 to that of 0.1 on these rows.
 * Only classes that have both kinds of pairs count; of fewer than two it is 0.
 *
 * @param threshold Euclidean distance
 * @param falseMatches share of the pairs of two classes that match
 * @param falseNonMatches share of the pairs of one class that do not
 * @param opis the inconsistency of the classes
 * @param opisClasses how many classes it is over
 * @param opisFrom the least of its thresholds
 * @param opisTo the largest
 */
public record OperatingPoint(
    double threshold,
    Rate falseMatches,
    Rate falseNonMatches,
    double opis,
    int opisClasses,
    double opisFrom,
    double opisTo) {
  /** Standard normal, two-sided 95 %. */
  private static final double Z = 1.959963984540054;

  private static final int GRID = 101;

  /**
   * A share of pairs, with its 95 % interval: Wilson's for as many pairs as would vary as much if
   * they were independent, which those that share a class are not. That number is p (1 - p) / v; v
   * is the jackknife's variance, a class left out at a time. Where it says nothing (no error, only
   * errors, a variance of 0, a class without which no pair is left) the classes are the independent
   * ones.
   *
   * @param value errors / pairs; NaN, as the interval, where there is no pair
   * @param independent that number
   * @param quantile how many standard errors the interval reaches to each side: of Student's t with
   *     one degree of freedom less than there are classes, as v is known from them alone; of the
   *     normal distribution where the jackknife says nothing
   */
  public record Rate(
      double value,
      double low,
      double high,
      long errors,
      long pairs,
      double independent,
      double quantile) {
    /**
     * @param errorsOf those of the pairs that touch a class
     * @param pairsOf the pairs that touch a class
     * @param touched how many classes a pair touches, 1 or 2
     */
    static Rate of(long[] errorsOf, long[] pairsOf, int touched) {
      long errors = Arrays.stream(errorsOf).sum() / touched;
      long pairs = Arrays.stream(pairsOf).sum() / touched;
      double p = (double) errors / pairs;
      long classes = Arrays.stream(pairsOf).filter(n -> n > 0).count();
      double variance = 0;
      double mean = 0;
      for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        for (int c = 0; c < pairsOf.length; c++) {
          if (pairsOf[c] > 0) {
            double without = (double) (errors - errorsOf[c]) / (pairs - pairsOf[c]);
            sum += pass == 0 ? without : (without - mean) * (without - mean);
          }
        }
        mean = pass == 0 ? sum / classes : mean;
        variance = sum * (classes - 1) / classes;
      }
      boolean known = p > 0 && p < 1 && variance > 0 && Double.isFinite(variance);
      double independent = known ? Math.min(pairs, p * (1 - p) / variance) : classes;
      double quantile = known ? student(classes - 1) : Z;
      double[] ends = wilson(p, independent, quantile);
      return new Rate(p, ends[0], ends[1], errors, pairs, independent, quantile);
    }
  }

  /** Wilson's interval (1927) of a share of n. */
  static double[] wilson(double p, double n, double quantile) {
    double square = quantile * quantile / n;
    double middle = (p + square / 2) / (1 + square);
    double half = quantile * Math.sqrt(p * (1 - p) / n + square / (4 * n)) / (1 + square);
    return new double[] {Math.max(0, middle - half), Math.min(1, middle + half)};
  }

  /** Student's t, two-sided 95 %, by halving; 1 degree of freedom or more. */
  static double student(long degrees) {
    double low = 0;
    double high = Math.PI / 2;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (within(middle, degrees) < 0.95) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return Math.sqrt(degrees) * Math.tan(high);
  }

  /** The chance of |t| below sqrt(degrees) tan(angle): Abramowitz and Stegun, 26.7.3 and 26.7.4. */
  private static double within(double angle, long degrees) {
    double cosine = Math.cos(angle);
    long odd = degrees % 2;
    double term = odd == 1 ? cosine : 1;
    double sum = 0;
    for (long k = odd; k <= degrees - 2; k += 2) {
      sum += term;
      term *= (k + 1.0) / (k + 2.0) * cosine * cosine;
    }
    return odd == 1 ? 2 / Math.PI * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  }

  /**
   * A threshold that was chosen.
   *
   * @param target the false-match rate that was not to be exceeded
   * @param distance the threshold
   * @param low lower end of its 95 % interval: the thresholds of the ends of the interval of the
   *     target's rate (Woodruff, JASA 1952)
   * @param high upper end
   * @param resolution how far it may be from the best one of all distances, 0 where they fitted
   * @param point what it does on the rows that it was chosen on
   */
  public record Choice(
      double target,
      double distance,
      double low,
      double high,
      double resolution,
      OperatingPoint point) {}

  /**
   * Chooses the largest threshold at which at most a share of the pairs of two classes match.
   *
   * @param rows of a set whose pairs are looked at, [N, d]
   * @param labels [N]
   * @param normalize whether distances are of unit rows
   * @param target false-match rate, above 0 and below 1
   * @throws io.vicinal.InputException if there is one class only, or as {@link Evaluator}
   */
  public static Choice choose(
      Backend backend, Tensor rows, Tensor labels, boolean normalize, double target) {
    try (Arena arena = new Arena(backend.memory())) {
      return choose(
          new PairStream(
              backend, MeasuredRows.of(backend, rows, labels, null, null, normalize, arena)),
          target);
    }
  }

  static Choice choose(PairStream pairs, double target) {
    PairDistances distances = PairDistances.of(pairs);
    double threshold = distances.threshold(target);
    OperatingPoint point = measure(pairs, distances, threshold);
    Rate rate = point.falseMatches;
    double[] ends = wilson(target, rate.independent, rate.quantile);
    return new Choice(
        target,
        threshold,
        distances.threshold(ends[0]),
        distances.threshold(ends[1]),
        distances.resolution(),
        point);
  }

  /**
   * Measures a threshold.
   *
   * @param gallery null for the pairs of the rows among themselves
   */
  public static OperatingPoint measure(
      Backend backend,
      Tensor rows,
      Tensor labels,
      Tensor gallery,
      Tensor galleryLabels,
      boolean normalize,
      double threshold) {
    try (Arena arena = new Arena(backend.memory())) {
      MeasuredRows measured =
          MeasuredRows.of(backend, rows, labels, gallery, galleryLabels, normalize, arena);
      PairStream pairs = new PairStream(backend, measured);
      return measure(pairs, PairDistances.of(pairs), threshold);
    }
  }

  static OperatingPoint measure(PairStream pairs, PairDistances distances, double threshold) {
    boolean both = distances.negatives() > 0;
    double from = both ? distances.threshold(0.01) : 0;
    double to = both ? distances.threshold(0.1) : 0;
    double[] thresholds = new double[GRID + 1]; // OPIS's and this one
    Arrays.setAll(thresholds, i -> i >= GRID - 1 ? to : from + i * (to - from) / (GRID - 1));
    thresholds[GRID] = threshold;
    Arrays.sort(thresholds);
    int own = Arrays.binarySearch(thresholds, threshold);
    ClassCounts counts = ClassCounts.of(pairs, thresholds);
    long[] misses = counts.column(counts.positives(), own);
    Arrays.setAll(misses, c -> counts.positivePairs()[c] - misses[c]);
    return new OperatingPoint(
        threshold,
        Rate.of(counts.column(counts.negatives(), own), counts.negativePairs(), 2),
        Rate.of(misses, counts.positivePairs(), 1),
        counts.inconsistency(own),
        counts.usable(),
        from,
        to);
  }
}
