package io.vicinal.influence.noise;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How likely each class is the right one, from held-out scores and the label that is written. Two
 * questions are answered in turn, {@value #ROUNDS} times: which labels are written for which
 * ({@link ClassNoise}), and how sure predictions may then be ({@link Calibration}). The first round
 * starts from noise that falls on all classes alike. Stateless.
 */
final class LabelPosterior {
  static final int ROUNDS = 2;

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
    for (int i = 0; i < p.length; i++) {
      double[] predicted = p[i].clone();
      noise.posterior(predicted, (int) labels[i], p[i]);
    }
    return p;
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
