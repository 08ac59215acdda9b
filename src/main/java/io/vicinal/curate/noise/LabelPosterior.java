package io.vicinal.curate.noise;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How likely each class is the right one, from held-out scores and the label that is written. Two
 * questions are answered in turn, {@value #ROUNDS} times: which labels are written for which
 * ({@link ClassNoise}), and how sure predictions may then be ({@link Calibration}). The first round
 * starts from noise that falls on all classes alike.
 *
 * <p>Noise of a half explains any label by any scores. Where the scores hardly explain the labels
 * better than the classes' sizes do, they are no evidence against a label, and every label stays as
 * likely as it is written. Stateless.
 */
final class LabelPosterior {
  static final int ROUNDS = 2;
  private static final double TELLING = 0.1; // of the labels' entropy

  private LabelPosterior() {}

  /**
   * @param labels the given ones, in 0..C-1
   * @param tables of held-out scores, [N] rows of C each
   * @return [N] rows of C probabilities
   */
  static double[][] of(long[] labels, int classes, double[][]... tables) {
    Calibration calibration = Calibration.fit(labels, classes, tables);
    ClassNoise noise = null;
    for (int round = 0; round < ROUNDS; round++) {
      noise = ClassNoise.fit(labels, probabilities(calibration, tables));
      calibration = calibration.behind(noise, labels, tables);
    }
    double[][] p = probabilities(calibration, tables);
    double entropy = entropy(labels, classes);
    if (calibration.logLikelihood() + entropy <= TELLING * entropy) { // 0 of none or one class
      for (int i = 0; i < p.length; i++) {
        Arrays.fill(p[i], 0);
        p[i][(int) labels[i]] = 1;
      }
      return p;
    }
    for (int i = 0; i < p.length; i++) {
      double[] predicted = p[i].clone();
      noise.posterior(predicted, (int) labels[i], p[i]);
    }
    return p;
  }

  /** Calibrated probabilities of the right label, without a look at the label that is written. */
  static double[][] withoutLabels(long[] labels, int classes, double[][]... tables) {
    return probabilities(Calibration.fit(labels, classes, tables), tables);
  }

  /**
   * Of the given labels: what their likelihood is below 0 when only the classes' sizes are known.
   * Samples that are the only ones of their class are left out, as of the temperatures.
   */
  private static double entropy(long[] labels, int classes) {
    int[] sizes = Classes.sizes(labels, classes);
    double all = Arrays.stream(sizes).filter(n -> n > 1).sum();
    return Arrays.stream(sizes)
        .filter(n -> n > 1)
        .mapToDouble(n -> -n / all * Math.log(n / all))
        .sum();
  }

  private static double[][] probabilities(Calibration calibration, double[][][] tables) {
    return IntStream.range(0, tables[0].length)
        .mapToObj(
            i ->
                calibration.probabilities(
                    Arrays.stream(tables).map(t -> t[i]).toArray(double[][]::new)))
        .toArray(double[][]::new);
  }
}
