package io.vicinal.curate.study;

import java.util.Arrays;
import java.util.Comparator;

/**
 * The most harmful and the most helpful of chosen samples by a score that is the predicted change
 * of a distance if the sample is removed: harmful above 0, helpful below 0, 0 neither. Immutable as
 * long as nobody writes to its arrays.
 *
 * @param harmful ids, most harmful first, equal scores by lower id
 * @param helpful ids, most helpful first, equal scores by lower id
 */
public record Extremes(long[] harmful, long[] helpful) {
  /** How many the published analyses take of each. */
  public static final int PUBLISHED = 100;

  /**
   * Chooses.
   *
   * @param scores [N]
   * @param among ids of the samples to choose from, such as those with a wrong label
   * @param most at most this many of each
   */
  public static Extremes of(double[] scores, long[] among, int most) {
    return new Extremes(top(scores, among, most, 1), top(scores, among, most, -1));
  }

  private static long[] top(double[] scores, long[] among, int most, int sign) {
    return Arrays.stream(among)
        .filter(id -> sign * scores[(int) id] > 0)
        .boxed()
        .sorted(
            Comparator.<Long>comparingDouble(id -> -sign * scores[id.intValue()])
                .thenComparing(Comparator.naturalOrder()))
        .limit(most)
        .mapToLong(Long::longValue)
        .toArray();
  }
}
