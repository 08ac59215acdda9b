package io.vicinal.influence.query;

import io.vicinal.InputException;
import java.util.stream.LongStream;

/**
 * By how much a wrong row is farther than a right one: d(anchor, negative) - d(anchor, positive) of
 * unit embeddings, in [-4, 4]; positive where retrieval is right. Immutable, safe for any thread.
 *
 * @param anchor the test row that asks
 * @param positive a row of its class
 * @param negative a row of another class
 */
public record TripletMargin(long anchor, long positive, long negative) implements Measurement {
  /**
   * @throws InputException if two of the rows are the same
   */
  public TripletMargin {
    if (anchor == positive || anchor == negative || positive == negative) {
      throw new InputException(
          "triplet: "
              + anchor
              + ", "
              + positive
              + ", "
              + negative
              + " are not three rows; give three different ones");
    }
  }

  @Override
  public String name() {
    return "margin " + anchor + "-" + positive + "-" + negative;
  }

  @Override
  public String unit() {
    return "squared distance";
  }

  @Override
  public long[] rows() {
    return LongStream.of(anchor, positive, negative).sorted().toArray();
  }

  @Override
  public double value(Embeddings embeddings) {
    UnitRows units = new UnitRows(embeddings);
    return units.squaredDistance(anchor, negative) - units.squaredDistance(anchor, positive);
  }

  @Override
  public void gradient(Embeddings embeddings, GradientSink sink) {
    UnitRows units = new UnitRows(embeddings);
    units.squaredDistance(anchor, negative, 1, sink);
    units.squaredDistance(anchor, positive, -1, sink);
  }
}
