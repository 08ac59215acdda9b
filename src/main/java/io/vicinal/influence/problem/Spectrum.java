package io.vicinal.influence.problem;

import io.vicinal.backend.CurvatureKind;
import java.util.Arrays;

/**
 * The ends of the Hessian's spectrum with respect to the weight, as EK-FAC sees them: its diagonal
 * in the Kronecker basis. Diagonal entries lie between the true ends, so {@code largest} is a lower
 * bound of the largest eigenvalue and {@code smallest} an upper bound of the smallest. The array is
 * not copied.
 *
 * @param top the largest entries, descending
 * @param smallest entry; below 0 where the loss is not convex along a direction
 */
public record Spectrum(double[] top, double smallest) {
  private static final int KEPT = 400;

  /** At a point that has {@link CurvaturePoint#ekfac}; null where there is none. */
  public static Spectrum of(CurvaturePoint point) {
    if (!point.hasEkfac()) {
      return null;
    }
    EkfacDiagonal ekfac = point.ekfac(CurvatureKind.HESSIAN);
    double[] ascending = ekfac.diagonal().weight().toDoubles();
    Arrays.sort(ascending);
    double[] top = new double[Math.min(KEPT, ascending.length)];
    Arrays.setAll(top, i -> ascending[ascending.length - 1 - i]);
    return new Spectrum(top, Math.min(ascending[0], ekfac.lowest()));
  }

  /** The largest entry. */
  public double largest() {
    return top[0];
  }

  /** (largest + lambda) / (smallest + lambda); infinite where the latter is not positive. */
  public double condition(double lambda) {
    double least = smallest + lambda;
    return least > 0 ? (largest() + lambda) / least : Double.POSITIVE_INFINITY;
  }
}
