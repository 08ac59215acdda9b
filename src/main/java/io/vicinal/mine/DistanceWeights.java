package io.vicinal.mine;

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

  /** One of some samples, for an anchor. */
  int choose(int a, int[] of, Candidates in, Draws draws) {
    double[] logs = new double[in.references()];
    double largest = Double.NEGATIVE_INFINITY;
    for (int j : of) {
      logs[j] = log(in.width(), in.squaredDistance(a, j));
      largest = Math.max(largest, logs[j]);
    }
    double top = largest;
    return draws.weighted(of, j -> Math.exp(logs[j] - top));
  }

  /** log 1/q, without its constant. */
  private double log(int d, double squared) {
    if (squared > most * most) {
      return Double.NEGATIVE_INFINITY;
    }
    double square = Math.min(Math.max(squared, least * least), FARTHEST * FARTHEST);
    return (2 - d) / 2.0 * Math.log(square) - (d - 3) / 2.0 * Math.log(1 - square / 4);
  }
}
