package io.vicinal.influence.attribution;

import java.util.stream.IntStream;

/**
 * Samples by the strict sign of their score. For a distance that should grow: a harmful sample's
 * removal raises it, a helpful one's lowers it. That is the meaning of the words in the original
 * scripts too, where IF's own scores of harmful samples are negative and EIF's positive. Samples
 * with score 0 or NaN are in neither. Immutable as long as nobody writes to its arrays.
 *
 * @param helpful ids with a score below 0, ascending
 * @param harmful ids with a score above 0, ascending
 */
public record SignedSets(long[] helpful, long[] harmful) {
  /** The sets of one query's scores. */
  public static SignedSets of(double[] scores) {
    return new SignedSets(
        IntStream.range(0, scores.length).filter(i -> scores[i] < 0).asLongStream().toArray(),
        IntStream.range(0, scores.length).filter(i -> scores[i] > 0).asLongStream().toArray());
  }
}
