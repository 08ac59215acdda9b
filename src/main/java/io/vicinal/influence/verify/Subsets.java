package io.vicinal.influence.verify;

import io.vicinal.InputException;
import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Random subsets of the training set, as edits that remove the rest. Re-solving on them and
 * correlating what happens with the sums of the scores of what was left out is the linear
 * datamodelling score (Park et al., TRAK, ICML 2023): {@link Verification#spearman()}. Half-size
 * subsets ask for the order of large changes, subsets of 95 % for that of small ones. Stateless.
 */
public final class Subsets {
  private Subsets() {}

  /**
   * Draws subsets without replacement, independently of each other.
   *
   * @param samples N
   * @param kept share of the samples that stays, between 0 and 1; at least one stays and one goes
   * @param count number of subsets
   * @param seed of the draws
   */
  public static List<Edit> random(int samples, double kept, int count, long seed) {
    if (samples < 2 || !(kept > 0 && kept < 1) || count < 1) {
      throw new InputException(
          "subsets: need at least 2 samples, a share between 0 and 1 and at least 1 subset, got "
              + samples
              + ", "
              + kept
              + ", "
              + count);
    }
    int removed = Math.max(1, Math.min(samples - 1, (int) Math.round((1 - kept) * samples)));
    Xoshiro random = Xoshiro.of(seed, "subsets");
    List<Edit> edits = new ArrayList<>();
    for (int s = 0; s < count; s++) {
      edits.add(Edit.remove("subset " + s, draw(random, samples, removed)));
    }
    return edits;
  }

  /** {@code count} different rows of 0..samples-1, ascending. */
  static long[] draw(Xoshiro random, int samples, int count) {
    long[] rows = new long[samples];
    Arrays.setAll(rows, i -> i);
    random.shuffle(rows, 0, samples);
    long[] drawn = Arrays.copyOf(rows, count);
    Arrays.sort(drawn);
    return drawn;
  }
}
