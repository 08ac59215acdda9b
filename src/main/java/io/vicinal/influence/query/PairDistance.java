package io.vicinal.influence.query;

import io.vicinal.InputException;
import java.util.stream.LongStream;

/**
 * Squared distance of two unit embeddings, d(p) = |u_i - u_j|^2 = 2 - 2 cos, in [0, 4] (Liu et al.,
 * NeurIPS 2022, section 2). A confused pair should be far apart. Its gradient with respect to raw
 * embeddings is -(2/|z_i|)(u_j - c u_i) for row i and the same with i and j exchanged. A zero row
 * is at distance 2 from everything. Immutable, safe for any thread.
 *
 * @param i a test row
 * @param j another test row
 */
public record PairDistance(long i, long j) implements Measurement {
  /**
   * @throws InputException if the rows are the same
   */
  public PairDistance {
    if (i == j) {
      throw new InputException("pair: rows " + i + " and " + j + " are one; give two rows");
    }
  }

  @Override
  public String name() {
    return "distance " + i + "-" + j;
  }

  @Override
  public String unit() {
    return "squared distance";
  }

  @Override
  public long[] rows() {
    return LongStream.of(i, j).sorted().toArray();
  }

  @Override
  public double value(Embeddings embeddings) {
    return new UnitRows(embeddings).squaredDistance(i, j);
  }

  @Override
  public void gradient(Embeddings embeddings, GradientSink sink) {
    new UnitRows(embeddings).squaredDistance(i, j, 1, sink);
  }
}
