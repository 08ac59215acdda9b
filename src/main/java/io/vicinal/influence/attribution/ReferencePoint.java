package io.vicinal.influence.attribution;

/** The parameters at which an estimator takes derivatives. */
public enum ReferencePoint {
  /** The head as it was delivered. */
  DELIVERED("delivered"),
  /**
   * The minimum of L + (lambda/2) |theta - theta_ref|^2 near it, where the damped Hessian is
   * positive semidefinite and a removal is the response of a minimum.
   */
  RECONVERGED("re-converged");

  private final String text;

  ReferencePoint(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
