package io.vicinal.influence.query;

import io.vicinal.InputException;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Mean squared distance of the unit embeddings of some pairs, d(G) = (1/|G|) sum d(p), in [0, 4].
 * Immutable, safe for any thread.
 *
 * @param name what it is
 * @param pairs at least one
 */
public record GroupDistance(String name, List<Pair> pairs) implements Measurement {
  /**
   * @throws InputException if there is no pair
   */
  public GroupDistance {
    pairs = List.copyOf(pairs);
    if (pairs.isEmpty()) {
      throw new InputException(name + ": has no pair, so no distance; leave it out");
    }
  }

  /**
   * The distance of a class's wrong pairs.
   *
   * @throws InputException if the group is empty
   */
  public static GroupDistance of(Group group) {
    return new GroupDistance("distance of group " + group.label(), group.pairs());
  }

  @Override
  public String unit() {
    return "squared distance";
  }

  @Override
  public long[] rows() {
    return pairs.stream()
        .flatMapToLong(pair -> LongStream.of(pair.i(), pair.j()))
        .sorted()
        .distinct()
        .toArray();
  }

  @Override
  public double value(Embeddings embeddings) {
    UnitRows units = new UnitRows(embeddings);
    double sum = 0;
    for (Pair pair : pairs) {
      sum += units.squaredDistance(pair.i(), pair.j());
    }
    return sum / pairs.size();
  }

  @Override
  public void gradient(Embeddings embeddings, GradientSink sink) {
    UnitRows units = new UnitRows(embeddings);
    for (Pair pair : pairs) {
      units.squaredDistance(pair.i(), pair.j(), 1.0 / pairs.size(), sink);
    }
  }
}
