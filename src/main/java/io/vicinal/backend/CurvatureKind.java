package io.vicinal.backend;

import io.vicinal.backend.jni.Vicinal;

/** Which curvature matrix of a head's mean loss a product applies. */
public enum CurvatureKind {
  /** The full Hessian. Indefinite in general: the loss is not convex in the weights. */
  HESSIAN(Vicinal.VICINAL_HESSIAN),
  /**
   * The true Gauss-Newton matrix J' (diag pi - pi pi') J of a cosine softmax, positive
   * semidefinite. Only for losses that are one: {@link LossSpec#isCosineSoftmax()}.
   */
  GAUSS_NEWTON(Vicinal.VICINAL_GAUSS_NEWTON),
  /**
   * The empirical Fisher matrix: the mean outer product of per-sample gradients. Needs a loss that
   * decomposes.
   */
  FISHER(Vicinal.VICINAL_FISHER);

  private final int number;

  CurvatureKind(int number) {
    this.number = number;
  }

  /** Its number in the native library. */
  public int number() {
    return number;
  }
}
