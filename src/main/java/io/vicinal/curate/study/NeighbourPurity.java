package io.vicinal.curate.study;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.retrieval.NeighbourList;
import io.vicinal.retrieval.Neighbours;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * How pure the neighbourhood of chosen training samples is: the share of a sample's k nearest other
 * training samples (raw Euclidean) whose clean label is the sample's clean label. A noisy sample in
 * a pure neighbourhood is one that the model already ignores. Immutable as long as nobody writes to
 * its array.
 *
 * @param perSample share in 0..1 for each chosen sample, in their order
 */
public record NeighbourPurity(double[] perSample) {
  /** k of the published analysis. */
  public static final int NEIGHBOURS = 5;

  /**
   * Measures.
   *
   * @param embeddings F32 [N, d] of the training samples
   * @param cleanLabels [N]
   * @param ids the chosen samples; an empty list has an empty result
   * @param k neighbours, 1..N-1
   * @param backend finds the neighbours
   * @throws InputException if shapes, ids or k do not fit
   */
  public static NeighbourPurity of(
      Tensor embeddings, long[] cleanLabels, long[] ids, int k, Backend backend) {
    if (ids.length == 0) {
      return new NeighbourPurity(new double[0]);
    }
    for (long id : ids) {
      if (id < 0 || id >= embeddings.dim(0) || embeddings.dim(0) != cleanLabels.length) {
        throw new InputException(
            "ids: sample "
                + id
                + " has no embedding and clean label; there are "
                + embeddings.dim(0)
                + " embeddings and "
                + cleanLabels.length
                + " labels");
      }
    }
    try (Arena arena = Arena.host()) {
      Tensor queries = arena.allocate(embeddings.dtype(), ids.length, embeddings.dim(1));
      for (int q = 0; q < ids.length; q++) {
        queries.rows(q, q + 1).set(embeddings.rows(ids[q], ids[q] + 1).toFloats());
      }
      NeighbourList found = Neighbours.search(queries, embeddings, k, ids, backend);
      double[] purity = new double[ids.length];
      for (int q = 0; q < ids.length; q++) {
        int same = 0;
        for (int j = 0; j < k; j++) {
          same += cleanLabels[(int) found.id(q, j)] == cleanLabels[(int) ids[q]] ? 1 : 0;
        }
        purity[q] = (double) same / k;
      }
      return new NeighbourPurity(purity);
    }
  }

  /** The mean over the chosen samples; NaN if there is none. */
  public double mean() {
    return Arrays.stream(perSample).average().orElse(Double.NaN);
  }
}
