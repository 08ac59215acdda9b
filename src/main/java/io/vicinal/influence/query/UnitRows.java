package io.vicinal.influence.query;

import java.util.HashMap;
import java.util.Map;

/**
 * Unit embeddings u = z/|z| of the rows of one evaluation, and the way back of a derivative: with
 * respect to z it is (h - (u'h) u)/|z| for h with respect to u. A zero row has u = 0, cosine 0 and
 * derivative zero. For one thread.
 */
public final class UnitRows {
  private record Unit(double[] direction, double norm) {}

  private final Measurement.Embeddings embeddings;
  private final Map<Long, Unit> units = new HashMap<>();

  /** Of these. */
  public UnitRows(Measurement.Embeddings embeddings) {
    this.embeddings = embeddings;
  }

  int width() {
    return embeddings.width();
  }

  /** Not to be changed. */
  public double[] unit(long row) {
    return find(row).direction;
  }

  private Unit find(long row) {
    return units.computeIfAbsent(row, r -> unitOf(embeddings.raw(r)));
  }

  private static Unit unitOf(double[] raw) {
    double norm = Math.sqrt(dot(raw, raw));
    double[] direction = new double[raw.length];
    if (norm > 0) {
      for (int k = 0; k < raw.length; k++) {
        direction[k] = raw[k] / norm;
      }
    }
    return new Unit(direction, norm);
  }

  /** 2 - 2 cos, as |u_i - u_j|^2 so that nothing cancels for close rows; 2 beside a zero row. */
  double squaredDistance(long i, long j) {
    if (find(i).norm == 0 || find(j).norm == 0) {
      return 2;
    }
    double[] a = unit(i);
    double[] b = unit(j);
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return sum;
  }

  /** Adds {@code scale} times the derivative of that distance. */
  void squaredDistance(long i, long j, double scale, Measurement.GradientSink sink) {
    pull(i, unit(j), -2 * scale, sink);
    pull(j, unit(i), -2 * scale, sink);
  }

  /** Takes {@code scale * h}, a derivative with respect to a unit row, to the raw row. */
  void pull(long row, double[] h, double scale, Measurement.GradientSink sink) {
    Unit unit = find(row);
    double[] derivative = new double[h.length];
    if (unit.norm > 0) {
      double radial = dot(unit.direction, h);
      for (int k = 0; k < h.length; k++) {
        derivative[k] = scale * (h[k] - radial * unit.direction[k]) / unit.norm;
      }
    }
    sink.add(row, derivative);
  }

  /** a'b. */
  public static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  /** sum += scale x. */
  public static void addTo(double[] sum, double scale, double[] x) {
    for (int k = 0; k < x.length; k++) {
      sum[k] += scale * x[k];
    }
  }
}
