package io.vicinal.curate.noise;

import io.vicinal.InputException;
import io.vicinal.data.AtomicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * How well a ranking finds samples that are known to be mislabelled: inspect the most suspicious
 * first, and count. Immutable.
 *
 * <pre>
 *   curve      share of samples inspected -&gt; share of mislabelled ones found, from (0,0) to (1,1)
 *   AUC        probability that a mislabelled sample has the higher score than a right one, equal
 *              scores counting half (the area under the ROC curve); NaN is below every number
 *   AP         mean, over the mislabelled samples, of the precision at their place in the ranking
 *   precision  share of mislabelled ones among the first k
 * </pre>
 */
public final class DetectionCurve {
  private final String detector;
  private final int[] found; // [N + 1], mislabelled among the first i
  private final double auc;
  private final double averagePrecision;

  private DetectionCurve(String detector, int[] found, double auc, double averagePrecision) {
    this.detector = detector;
    this.found = found;
    this.auc = auc;
    this.averagePrecision = averagePrecision;
  }

  /**
   * @param detector its name
   * @param scores [N], higher = more suspicious
   * @param mislabelled [N], the truth
   * @throws InputException if the lengths differ, or all or none are mislabelled
   */
  public static DetectionCurve of(String detector, double[] scores, boolean[] mislabelled) {
    int n = scores.length;
    if (mislabelled.length != n) {
      throw new InputException(
          detector + ": " + n + " scores for " + mislabelled.length + " samples; give one each");
    }
    int[] order = Ranking.order(scores);
    int[] found = new int[n + 1];
    double precisions = 0;
    for (int i = 0; i < n; i++) {
      found[i + 1] = found[i] + (mislabelled[order[i]] ? 1 : 0);
      precisions += mislabelled[order[i]] ? found[i + 1] / (i + 1.0) : 0;
    }
    int bad = found[n];
    if (bad == 0 || bad == n) {
      throw new InputException(
          detector
              + ": "
              + (bad == 0 ? "no" : "every")
              + " sample is mislabelled, so detection cannot be judged; give both kinds");
    }
    return new DetectionCurve(detector, found, auc(scores, order, mislabelled), precisions / bad);
  }

  /** Mann and Whitney's statistic over ties. */
  private static double auc(double[] scores, int[] order, boolean[] mislabelled) {
    double pairs = 0;
    long badAbove = 0;
    long good = 0;
    for (int from = 0; from < order.length; ) {
      int to = from;
      long badHere = 0;
      while (to < order.length && same(scores[order[to]], scores[order[from]])) {
        badHere += mislabelled[order[to++]] ? 1 : 0;
      }
      long goodHere = to - from - badHere;
      pairs += goodHere * (badAbove + badHere / 2.0);
      badAbove += badHere;
      good += goodHere;
      from = to;
    }
    return pairs / good / badAbove;
  }

  private static boolean same(double a, double b) {
    return a == b || (Double.isNaN(a) && Double.isNaN(b));
  }

  /** The detector's name. */
  public String detector() {
    return detector;
  }

  /** N. */
  public int samples() {
    return found.length - 1;
  }

  /** How many are mislabelled. */
  public int mislabelled() {
    return found[samples()];
  }

  /** Area under the ROC curve. */
  public double auc() {
    return auc;
  }

  /** Average precision. */
  public double averagePrecision() {
    return averagePrecision;
  }

  /** Share of the mislabelled samples among the first {@code inspected}. */
  public double found(int inspected) {
    return found[inspected] / (double) mislabelled();
  }

  /** Share of mislabelled samples among the first {@code budget}, 1..N. */
  public double precisionAt(int budget) {
    return found[budget] / (double) budget;
  }

  /**
   * Points of the curve: for each, the share inspected and the share found.
   *
   * @param points at least 2; the first is (0, 0), the last (1, 1)
   */
  public double[][] points(int points) {
    double[][] curve = new double[points][2];
    for (int i = 0; i < points; i++) {
      int inspected = (int) Math.round((double) samples() * i / (points - 1));
      curve[i][0] = inspected / (double) samples();
      curve[i][1] = found(inspected);
    }
    return curve;
  }

  /**
   * Writes curves side by side as CSV: {@code inspected}, then a column per detector.
   *
   * @param curves of one set of samples
   */
  public static void write(Path file, List<DetectionCurve> curves, int points) {
    StringBuilder text = new StringBuilder("inspected");
    curves.forEach(curve -> text.append(',').append(curve.detector));
    List<double[][]> all = curves.stream().map(curve -> curve.points(points)).toList();
    for (int i = 0; i < points; i++) {
      text.append(String.format(Locale.ROOT, "%n%.4f", all.get(0)[i][0]));
      for (double[][] curve : all) {
        text.append(String.format(Locale.ROOT, ",%.4f", curve[i][1]));
      }
    }
    text.append('\n');
    AtomicFile.writeText(file, text);
  }
}
