package io.vicinal.mine;

import io.vicinal.InputException;
import java.util.Arrays;

/**
 * Distance-weighted choices (Wu et al., ICCV 2017): as likely as a distance is rare between random
 * points of the unit sphere in d dimensions, whose density is
 *
 * <pre>  q(D) ~ D^(d-2) (1 - D²/4)^((d-3)/2)
 * </pre>
 *
 * It is none from D = 2 on, where only embeddings that are not of unit length can be; they count as
 * just below it.
 *
 * @param least nearer ones count as being so far
 * @param most farther ones are left out, unless all are
 */
record DistanceWeights(double least, double most) {
  private static final double FARTHEST = 2 - 1e-3;

  /** Refuses cutoffs of a miner that exclude each other. */
  static void check(String miner, double lowerCutoff, double upperCutoff) {
    if (lowerCutoff > upperCutoff) {
      throw new InputException(
          miner + ": lower-cutoff " + lowerCutoff + " is above upper-cutoff " + upperCutoff);
    }
  }

  /** One of some samples, for an anchor. */
  int choose(int a, int[] of, Candidates in, Draws draws) {
    return draws.weighted(of, weights(in.width(), in.squaredDistances(a, of)));
  }

  /**
   * Weights ~ 1/q of squared distances, by multiplications alone, for they are most of the work:
   * with h = D² (1 - D²/4), which is at most 1, 1/q ~ sqrt((h' / h)^(d-3) / D²), where h' is the
   * least.
   */
  double[] weights(int d, double[] squares) {
    int n = squares.length;
    double[] bases = new double[n];
    for (int k = 0; k < n; k++) {
      double square = within(squares[k]);
      bases[k] = square * (1 - square / 4);
    }
    boolean beyond = false;
    double rarest = Double.POSITIVE_INFINITY;
    for (int k = 0; k < n; k++) {
      boolean out = squares[k] > most * most;
      rarest = out ? rarest : Math.min(rarest, bases[k]);
      beyond |= out;
    }
    for (int k = 0; k < n; k++) {
      bases[k] = d < 3 ? bases[k] / rarest : rarest / bases[k];
    }
    double[] weights = new double[n];
    Arrays.fill(weights, 1);
    for (int power = Math.abs(d - 3); power > 0; power /= 2) {
      if (power % 2 == 1) {
        multiply(weights, bases);
      }
      multiply(bases, bases);
    }
    for (int k = 0; k < n; k++) {
      weights[k] = Math.sqrt(weights[k] / within(squares[k]));
    }
    for (int k = 0; k < n && beyond; k++) {
      weights[k] = squares[k] > most * most ? 0 : weights[k];
    }
    return weights;
  }

  private double within(double square) {
    return Math.min(Math.max(square, least * least), FARTHEST * FARTHEST);
  }

  private static void multiply(double[] x, double[] y) {
    for (int k = 0; k < x.length; k++) {
      x[k] *= y[k];
    }
  }
}
