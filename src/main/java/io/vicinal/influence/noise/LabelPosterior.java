package io.vicinal.influence.noise;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How likely each class is the right one, from held-out scores and the label that is written. Two
 * questions are answered in turn: how sure may predictions be ({@link Calibration}), and which
 * labels are written for which ({@link ClassNoise}).
 *
 * <p>The first needs a noise rate. One that is too large makes predictions too sure, so that
 * overlap of classes passes for wrong labels and right ones get broken; one that is too small makes
 * proposals modest. It is taken from contradictions between prediction and label: among the half of
 * the samples that is predicted most surely classes hardly overlap, so their share h there is
 * nearly the noise's, and h / a of all contradictions, whose share is a, are noise. The rate is
 *
 * <pre>
 *   h min(1, h / a)      at most 1/2
 * </pre>
 *
 * which is h where classes do not overlap, and careful where they do: there the surer half is not
 * free of overlap either. Stateless.
 */
final class LabelPosterior {
  private LabelPosterior() {}

  /**
   * @param labels the given ones, in 0..C-1
   * @param tables of held-out scores, [N] rows of C each
   * @return [N] rows of C probabilities
   */
  static double[][] of(long[] labels, int classes, double[][]... tables) {
    double rate = rate(labels, probabilities(labels, classes, Double.NaN, tables));
    double[][] p = probabilities(labels, classes, rate, tables);
    ClassNoise noise = ClassNoise.fit(labels, p);
    double[][] posteriors = new double[labels.length][];
    for (int i = 0; i < labels.length; i++) {
      posteriors[i] = noise.posterior(p[i], (int) labels[i]);
    }
    return posteriors;
  }

  /** Of contradictions; see above. */
  private static double rate(long[] labels, double[][] p) {
    double[] sureness = Arrays.stream(p).mapToDouble(row -> row[Calibration.best(row)]).toArray();
    int[] order = Ranking.order(sureness);
    int half = Math.max(1, order.length / 2);
    long surer = 0;
    long all = 0;
    for (int place = 0; place < order.length; place++) {
      int i = order[place];
      if (Calibration.best(p[i]) != labels[i]) {
        all++;
        surer += place < half ? 1 : 0;
      }
    }
    double h = surer / (double) half;
    double a = all / (double) order.length;
    return all == 0 ? 0 : Math.min(0.5, h * Math.min(1, h / a));
  }

  private static double[][] probabilities(
      long[] labels, int classes, double rate, double[][][] tables) {
    Calibration calibration = Calibration.fit(labels, classes, rate, tables);
    return IntStream.range(0, labels.length)
        .mapToObj(
            i ->
                calibration.probabilities(
                    Arrays.stream(tables).map(t -> t[i]).toArray(double[][]::new)))
        .toArray(double[][]::new);
  }
}
