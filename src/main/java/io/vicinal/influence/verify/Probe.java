package io.vicinal.influence.verify;

import io.vicinal.InputException;
import io.vicinal.influence.query.LowRankGradient;
import io.vicinal.influence.query.Measurement;
import io.vicinal.influence.query.Query;
import io.vicinal.influence.query.TestSet;
import io.vicinal.influence.query.UnitRows;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A number of the test embeddings that is read off before and after retraining: every query's
 * measurement, and others that have no gradient. Immutable, safe for any thread.
 *
 * @param name for tables
 * @param rows test rows that it reads, each once, ascending
 * @param value of their raw embeddings
 * @param gradient of it with respect to the head's weight, or null if it has none
 */
public record Probe(
    String name,
    long[] rows,
    ToDoubleFunction<Measurement.Embeddings> value,
    Function<Measurement.Embeddings, LowRankGradient> gradient) {

  /** A query's measurement. */
  public static Probe of(Query query) {
    Measurement measurement = query.measurement();
    return new Probe(
        query.id(), measurement.rows(), measurement::value, e -> TestSet.gradient(measurement, e));
  }

  /**
   * Recall at 1 of the test set in itself, by cosine: the share of rows whose nearest other row has
   * their label, among those that share it with another row. Equal distances go to the lower row.
   *
   * @throws InputException if no two rows have the same label
   */
  public static Probe recall(TestSet test) {
    long[] all = all(test);
    long[] labels = test.labels();
    Map<Long, Long> sizes =
        Arrays.stream(labels)
            .boxed()
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    long[] asking = Arrays.stream(all).filter(i -> sizes.get(labels[(int) i]) > 1).toArray();
    if (asking.length == 0) {
      throw new InputException(
          "test labels: no two samples have the same label, so that none can be found; give two or"
              + " more of a class");
    }
    return new Probe(
        "recall at 1",
        all,
        embeddings -> {
          double[][] units = units(embeddings, all);
          return Arrays.stream(asking)
                  .filter(i -> labels[nearest(units, (int) i)] == labels[(int) i])
                  .count()
              / (double) asking.length;
        },
        null);
  }

  /** 1 if the nearest other test row of this one, by cosine, has its label; otherwise 0. */
  public static Probe rightNeighbour(TestSet test, long row) {
    long[] all = all(test);
    long[] labels = test.labels();
    return new Probe(
        "right neighbour of " + row,
        all,
        embeddings ->
            labels[nearest(units(embeddings, all), (int) row)] == labels[(int) row] ? 1 : 0,
        null);
  }

  private static long[] all(TestSet test) {
    if (test.rows() < 2) {
      throw new InputException("test features: one row has no neighbour; give two or more");
    }
    return LongStream.range(0, test.rows()).toArray();
  }

  private static double[][] units(Measurement.Embeddings embeddings, long[] rows) {
    UnitRows units = new UnitRows(embeddings);
    return Arrays.stream(rows).mapToObj(units::unit).toArray(double[][]::new);
  }

  private static int nearest(double[][] units, int row) {
    int best = -1;
    double largest = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < units.length; j++) {
      double cosine = j == row ? Double.NEGATIVE_INFINITY : UnitRows.dot(units[row], units[j]);
      if (cosine > largest) {
        largest = cosine;
        best = j;
      }
    }
    return best;
  }
}
