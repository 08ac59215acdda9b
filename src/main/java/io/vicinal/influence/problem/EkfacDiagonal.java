package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;

/**
 * The eigenvalue-corrected Kronecker approximation of a curvature matrix (George et al., arXiv
 * 1806.03884), with exact factors and an exact diagonal: in a problem's basis the axes are the
 * factors' eigenvectors, so it is a diagonal matrix,
 *
 * <pre>
 *   Lambda_ab = (1/N) sum_i w_i (H_i)_aa x_ib^2,     clipped at 0
 * </pre>
 *
 * with H_i the sample's d x d block: of the full Hessian, of Gauss-Newton, or g_i g_i'. For proxies
 * it is Gauss-Newton's diagonal, uncoupled from the weight. Its tensors are in the Kronecker basis.
 * Immutable, safe for any thread; lives as long as its point.
 */
public final class EkfacDiagonal {
  private final CurvatureKind kind;
  private final Diagonal diagonal;
  private final double lowest;

  private EkfacDiagonal(CurvatureKind kind, Diagonal diagonal, double lowest) {
    this.kind = kind;
    this.diagonal = diagonal;
    this.lowest = lowest;
  }

  static EkfacDiagonal of(
      Backend.Curvature curvature, ParameterSpace space, CurvatureKind kind, Arena arena) {
    Tensor weight = arena.allocate(space.dtype(), space.width(), space.features());
    Tensor proxies =
        space.proxyRows() == 0
            ? null
            : arena.allocate(space.dtype(), space.proxyRows(), space.width());
    curvature.diagonal(kind, weight, proxies);
    double lowest = clip(weight);
    if (proxies != null) {
      lowest = Math.min(lowest, clip(proxies));
    }
    return new EkfacDiagonal(kind, new Diagonal(weight, proxies), lowest);
  }

  /** The lowest value before. */
  private static double clip(Tensor tensor) {
    double[] values = tensor.toDoubles();
    double lowest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      lowest = Math.min(lowest, values[i]);
      values[i] = values[i] >= 0 ? values[i] : 0;
    }
    if (!(lowest >= 0)) {
      tensor.set(values);
    }
    return lowest;
  }

  /** Whose diagonal it is. */
  public CurvatureKind kind() {
    return kind;
  }

  /** The diagonal, 0 or more. */
  public Diagonal diagonal() {
    return diagonal;
  }

  /** The lowest entry before those below 0 were held there. */
  public double lowest() {
    return lowest;
  }

  /**
   * 1 / (Lambda + lambda), element by element.
   *
   * @param lambda above 0
   */
  public Diagonal inverse(double lambda, Arena arena) {
    return new Diagonal(
        inverse(diagonal.weight(), lambda, arena), inverse(diagonal.proxies(), lambda, arena));
  }

  private static Tensor inverse(Tensor values, double lambda, Arena arena) {
    if (values == null) {
      return null;
    }
    double[] inverse = values.toDoubles();
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1 / (inverse[i] + lambda);
    }
    Tensor tensor = arena.allocate(values.dtype(), values.shape());
    tensor.set(inverse);
    return tensor;
  }
}
