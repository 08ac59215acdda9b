package io.vicinal.curate.noise;

import java.util.Arrays;

/**
 * Whether wrong labels can be told from classes that overlap. Where the surest held-out predictions
 * contradict their labels, either the labels are wrong, or even they are no surer than that. Wrong
 * labels contradict all sure predictions alike: agreement has come to a plateau before the surest
 * end. Overlap still ends there: agreement rises to the very end, and the share of contradictions
 * among the surest is no rate of wrong labels.
 *
 * <p>The surest {@value #SURE} of the samples are cut into {@value #GROUPS} groups of equal size, g
 * = 0 the surest. With a_i = 1 where sample i is predicted as it is labelled, the least-squares
 * line through (g_i, a_i) rises from the last group to the first by
 *
 * <pre>
 *   rise      = -(G - 1) sum (g_i - mean g) (a_i - mean a) / S,  S = sum (g_i - mean g)^2
 *   deviation =  (G - 1) sqrt(mean a (1 - mean a) / S)           where there is no trend
 * </pre>
 *
 * rise / deviation is the statistic of Cochran and Armitage. No plateau is reached where it is
 * above {@value #DEVIATIONS} and the rise at least {@value #LEAST}: good features with ambiguous
 * samples, Fashion-MNIST's pixels, rise by up to 0.09. Immutable.
 *
 * @param accord share of all samples that are predicted as they are labelled
 * @param surest the same of the surest tenth
 * @param rise of the share, from the last to the first group
 * @param deviation of the rise by chance
 */
public record Plateau(double accord, double surest, double rise, double deviation) {
  private static final double SURE = 0.4;
  private static final int GROUPS = 8;
  private static final double LEAST = 0.1;
  private static final double DEVIATIONS = 2.5;

  /** Whether agreement has stopped rising before the surest end. */
  public boolean isReached() {
    return !(rise >= LEAST && rise > DEVIATIONS * deviation);
  }

  /**
   * @param labels the given ones; a sample that is the only one of its class is left out: no
   *     prediction that leaves it out can know the class
   * @param p [N] rows of C probabilities, from models that did not see the sample's label
   */
  static Plateau of(long[] labels, double[][] p) {
    int[] sizes = Classes.sizes(labels, p[0].length);
    double[] sureness = Arrays.stream(p).mapToDouble(row -> row[Classes.likeliest(row)]).toArray();
    int[] rows =
        Arrays.stream(ClassNoise.surestFirst(sureness))
            .filter(i -> sizes[(int) labels[i]] > 1)
            .toArray();
    double[] agrees =
        Arrays.stream(rows)
            .mapToDouble(i -> Classes.likeliest(p[i]) == labels[i] ? 1 : 0)
            .toArray();
    int sure = (int) (SURE * agrees.length);
    double group = (GROUPS - 1) / 2.0; // mean
    double mean = Arrays.stream(agrees, 0, sure).average().orElse(1);
    double product = 0;
    double squares = 0;
    for (int i = 0; i < sure; i++) {
      double g = (int) ((long) i * GROUPS / sure) - group;
      product += g * (agrees[i] - mean);
      squares += g * g;
    }
    double scale = squares == 0 ? 0 : (GROUPS - 1) / squares;
    return new Plateau(
        Arrays.stream(agrees).average().orElse(1),
        Arrays.stream(agrees, 0, (agrees.length + 9) / 10).average().orElse(1),
        -scale * product,
        scale * Math.sqrt(mean * (1 - mean) * squares));
  }
}
