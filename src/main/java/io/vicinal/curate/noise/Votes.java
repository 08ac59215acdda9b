package io.vicinal.curate.noise;

import io.vicinal.retrieval.NeighbourList;

/**
 * Class shares among a sample's nearest neighbours, itself left out. Neighbour j of K has the
 * weight
 *
 * <pre>
 *   exp(-4 (d_j - d_1) / (d_K - d_1))      d: squared distances, nearest first
 * </pre>
 *
 * which needs no scale and cannot underflow. Stateless, safe for any thread.
 */
public final class Votes {
  private static final double DECAY = 4;
  private static final double PRIOR = 0.5; // votes that every class has beforehand

  private Votes() {}

  /**
   * @param labels of the gallery, in 0..C-1
   * @return [Q] rows of C shares that sum to 1
   */
  public static double[][] shares(NeighbourList lists, long[] labels, int classes) {
    double[][] shares = new double[lists.queries()][classes];
    for (int q = 0; q < shares.length; q++) {
      double first = lists.distance(q, 0);
      double range = lists.distance(q, lists.k() - 1) - first;
      double sum = 0;
      for (int j = 0; j < lists.k(); j++) {
        double at = range > 0 ? (lists.distance(q, j) - first) / range : 0;
        double weight = Math.exp(-DECAY * at);
        shares[q][(int) labels[(int) lists.id(q, j)]] += weight;
        sum += weight;
      }
      for (int c = 0; c < classes; c++) {
        shares[q][c] /= sum;
      }
    }
    return shares;
  }

  /** Shares as scores: log((K share + 1/2) / (K + C/2)), finite where a class has no vote. */
  static double[][] logarithms(double[][] shares, int k) {
    double[][] scores = new double[shares.length][];
    for (int i = 0; i < shares.length; i++) {
      scores[i] = shares[i].clone();
      for (int c = 0; c < scores[i].length; c++) {
        scores[i][c] = Math.log((k * shares[i][c] + PRIOR) / (k + PRIOR * scores[i].length));
      }
    }
    return scores;
  }
}
