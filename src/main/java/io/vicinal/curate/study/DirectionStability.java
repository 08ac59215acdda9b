package io.vicinal.curate.study;

import java.util.Arrays;

/**
 * Do the most harmful and most helpful samples keep their direction when the weight is moved less
 * far? Their scores by empirical influence are taken again at the mean of the ends of an ascent and
 * a descent ({@link io.vicinal.influence.attribution.EifOptions.Ways#MIDDLE}), and the negative
 * ones are counted, as in the published analysis: the helpful should all be among them, the harmful
 * none. Immutable.
 *
 * @param helpful how many helpful samples were looked at
 * @param helpfulNegative how many of them have a negative score there: they are still helpful
 * @param harmful how many harmful samples were looked at
 * @param harmfulNegative how many of them have a negative score there: they have turned
 */
public record DirectionStability(
    int helpful, int helpfulNegative, int harmful, int harmfulNegative) {

  /**
   * Counts.
   *
   * @param extremes of the scores whose stability is in question
   * @param middle the scores at the mean weight [N]
   */
  public static DirectionStability of(Extremes extremes, double[] middle) {
    return new DirectionStability(
        extremes.helpful().length,
        negative(extremes.helpful(), middle),
        extremes.harmful().length,
        negative(extremes.harmful(), middle));
  }

  private static int negative(long[] ids, double[] scores) {
    return (int) Arrays.stream(ids).filter(id -> scores[(int) id] < 0).count();
  }
}
