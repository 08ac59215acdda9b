package io.vicinal.report;

import java.util.ArrayList;
import java.util.List;

/**
 * One curve. At most {@value #MOST} points are kept: the first, the last, and evenly spaced ones
 * between. The arrays are not to be changed.
 *
 * @param name for the legend
 * @param x ascending
 * @param y NaN leaves a gap
 */
public record Series(String name, double[] x, double[] y) {
  /** More points than this cannot be told apart on the page. */
  public static final int MOST = 400;

  /** Thins. */
  public Series {
    if (x.length != y.length) {
      throw new IllegalArgumentException(name + ": " + x.length + " x, " + y.length + " y");
    }
    if (x.length > MOST) {
      x = thin(x);
      y = thin(y);
    }
  }

  /** With x = 1, 2, ... */
  public static Series counted(String name, double... y) {
    double[] x = new double[y.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = i + 1;
    }
    return new Series(name, x, y);
  }

  /** Of a list of points. */
  public static Series of(String name, List<double[]> points) {
    List<double[]> all = new ArrayList<>(points);
    return new Series(
        name,
        all.stream().mapToDouble(p -> p[0]).toArray(),
        all.stream().mapToDouble(p -> p[1]).toArray());
  }

  private static double[] thin(double[] values) {
    double[] thin = new double[MOST];
    for (int i = 0; i < MOST; i++) {
      thin[i] = values[(int) Math.round((double) i * (values.length - 1) / (MOST - 1))];
    }
    return thin;
  }
}
