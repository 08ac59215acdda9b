package io.vicinal.backend;

/**
 * Which curvature matrix of a head's mean loss a product applies. The order is that of the native
 * library's numbers.
 */
public enum CurvatureKind {
  /** The full Hessian. Indefinite in general: the loss is not convex in the weights. */
  HESSIAN,
  /**
   * The true Gauss-Newton matrix J' (diag pi - pi pi') J of a cosine softmax, positive
   * semidefinite. Only for losses that are one: {@link LossSpec#isCosineSoftmax()}.
   */
  GAUSS_NEWTON,
  /**
   * The empirical Fisher matrix: the mean outer product of per-sample gradients. Needs a loss that
   * decomposes.
   */
  FISHER
}
