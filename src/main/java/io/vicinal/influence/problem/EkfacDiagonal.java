package io.vicinal.influence.problem;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.backend.CurvatureKind;
import io.vicinal.nn.Head;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

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
  private final Backend backend;
  private final double lowest;

  private EkfacDiagonal(CurvatureKind kind, Diagonal diagonal, Backend backend, double lowest) {
    this.kind = kind;
    this.diagonal = diagonal;
    this.backend = backend;
    this.lowest = lowest;
  }

  /** A refusal where an entry is NaN, which would spread through whatever is made of it. */
  static EkfacDiagonal of(
      Backend.Curvature curvature, ParameterSpace space, CurvatureKind kind, Arena arena) {
    Map<String, Tensor> parts = space.each((name, shape) -> arena.allocate(space.dtype(), shape));
    curvature.diagonal(kind, parts.get(Head.WEIGHT), parts.get(Head.PROXIES));
    double lowest = Double.POSITIVE_INFINITY;
    for (Tensor part : parts.values()) {
      lowest = Math.min(lowest, clip(space.backend(), part));
    }
    if (Double.isNaN(lowest)) {
      throw new InputException(
          "ekfac: the diagonal of "
              + kind
              + " has an entry that is NaN; check features and head for extreme values, or use"
              + " --dtype float64");
    }
    return new EkfacDiagonal(kind, new Diagonal(parts), space.backend(), lowest);
  }

  /** The lowest value before. */
  private static double clip(Backend backend, Tensor values) {
    double lowest = backend.lowest(values);
    backend.clip(values, 0, Double.POSITIVE_INFINITY);
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
    Map<String, Tensor> parts = new LinkedHashMap<>(diagonal.parts());
    parts.replaceAll((name, values) -> inverse(values, lambda, arena));
    return new Diagonal(parts);
  }

  private Tensor inverse(Tensor values, double lambda, Arena arena) {
    Tensor inverse = arena.allocate(values.dtype(), values.shape());
    backend.reciprocal(lambda, values, inverse);
    return inverse;
  }
}
