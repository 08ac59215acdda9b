package io.vicinal.influence.query;

import io.vicinal.InputException;
import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * How far two classes are apart: the mean of d over all |A| |B| pairs of a row of A and a row of B.
 * As d = 2 - 2 cos, that is 2 - 2 ubar_A' ubar_B with the means of the unit rows, so value and
 * gradient cost |A| + |B| rows. In [0, 4]. Immutable, safe for any thread.
 */
public final class ClassConfusion implements Measurement {
  private final String name;
  private final long[] first;
  private final long[] second;

  /**
   * @param name what it is
   * @param first rows of A
   * @param second rows of B
   * @throws InputException if a class has no row, or a row is listed twice
   */
  public ClassConfusion(String name, long[] first, long[] second) {
    this.name = name;
    this.first = first.clone();
    this.second = second.clone();
    if (first.length == 0 || second.length == 0) {
      throw new InputException(name + ": a class has no row; give at least one of each");
    }
    if (rows().length < first.length + second.length) {
      throw new InputException(name + ": a row is listed twice; give each row once");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String unit() {
    return "squared distance";
  }

  @Override
  public long[] rows() {
    return LongStream.concat(Arrays.stream(first), Arrays.stream(second))
        .sorted()
        .distinct()
        .toArray();
  }

  private static double[] mean(UnitRows units, long[] rows) {
    double[] mean = new double[units.width()];
    for (long row : rows) {
      UnitRows.addTo(mean, 1.0 / rows.length, units.unit(row));
    }
    return mean;
  }

  @Override
  public double value(Embeddings embeddings) {
    UnitRows units = new UnitRows(embeddings);
    return 2 - 2 * UnitRows.dot(mean(units, first), mean(units, second));
  }

  @Override
  public void gradient(Embeddings embeddings, GradientSink sink) {
    UnitRows units = new UnitRows(embeddings);
    pull(units, first, mean(units, second), sink);
    pull(units, second, mean(units, first), sink);
  }

  private static void pull(UnitRows units, long[] rows, double[] other, GradientSink sink) {
    for (long row : rows) {
      units.pull(row, other, -2.0 / rows.length, sink);
    }
  }
}
