package io.vicinal.curate.study;

/**
 * The recommendations for the samples of one class. Immutable.
 *
 * @param label the class
 * @param samples how many it has, at least 1
 * @param changed how many of them are recommended another class
 * @param other the class that most of those are recommended, the lower of equals; -1 if none
 * @param towardsOther how many are recommended it
 * @param entropy - sum f ln f over the other classes, f = recommended / samples
 */
public record ClassRecommendations(
    long label, long samples, long changed, long other, long towardsOther, double entropy) {
  private static final double ENTROPY_LIMIT = 0.35;

  /** r_c, the share of the samples that are recommended another class. */
  public double rate() {
    return (double) changed / samples;
  }

  /** The class's category. Shares are compared as whole numbers, so that 10 % is exactly 10 %. */
  public Category category(Category.Rule rule) {
    if (changed == 0) {
      return Category.NONE;
    }
    if (10 * changed < samples) {
      return 20 * changed <= samples ? Category.INDIVIDUAL : Category.OTHER;
    }
    boolean oneDirection =
        switch (rule) {
          case SHARE -> 10 * towardsOther >= 9 * changed;
          case ENTROPY -> entropy < ENTROPY_LIMIT;
        };
    return oneDirection ? Category.CENTRALIZED : Category.DIVERSIFIED;
  }
}
