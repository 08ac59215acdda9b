package io.vicinal.statistics;

import java.util.Arrays;

/**
 * Wilcoxon's W+ and its exact null distribution: every sign pattern of the given ranks is equally
 * likely. Apache Commons has it for ranks without ties only; counting subsets by their doubled rank
 * sum, which is a whole number, serves both.
 *
 * @param doubled twice the ranks of the absolute differences, ties averaged
 * @param positive W+
 */
record SignedRanks(int[] doubled, double positive) {

  /** Ranks of differences, none 0. */
  static SignedRanks of(double[] differences) {
    double[] ranks = Correlation.ranks(Arrays.stream(differences).map(Math::abs).toArray());
    int[] doubled = new int[ranks.length];
    double positive = 0;
    for (int i = 0; i < ranks.length; i++) {
      doubled[i] = (int) Math.round(2 * ranks[i]);
      positive += differences[i] > 0 ? ranks[i] : 0;
    }
    return new SignedRanks(doubled, positive);
  }

  double pValue(Alternative alternative) {
    double[] probability = distribution();
    int at = (int) Math.round(2 * positive);
    double upper = Arrays.stream(probability, at, probability.length).sum();
    double lower = Arrays.stream(probability, 0, at + 1).sum();
    double p =
        switch (alternative) {
          case GREATER -> upper;
          case LESS -> lower;
          case TWO_SIDED -> 2 * Math.min(upper, lower);
        };
    return Math.min(1, p);
  }

  /** Probability of each value of 2 W+, from 0 to twice the sum of the ranks. */
  private double[] distribution() {
    double[] probability = new double[Arrays.stream(doubled).sum() + 1];
    probability[0] = 1;
    int reached = 0;
    for (int rank : doubled) {
      reached += rank;
      for (int sum = reached; sum >= 0; sum--) {
        double taken = sum >= rank ? probability[sum - rank] : 0;
        probability[sum] = 0.5 * (probability[sum] + taken);
      }
    }
    return probability;
  }

  /** Matched-pairs rank-biserial correlation (Kerby 2014): (W+ - W-) / (W+ + W-). */
  double biserial() {
    double total = Arrays.stream(doubled).sum() / 2.0;
    return 2 * positive / total - 1;
  }
}
