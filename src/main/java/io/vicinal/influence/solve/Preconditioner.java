package io.vicinal.influence.solve;

import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.Diagonal;
import io.vicinal.influence.problem.ParameterSpace;

/** A symmetric positive definite approximation of an inverse. */
interface Preconditioner {
  /** out_q = P r_q; must not change r. */
  void apply(Directions r, Directions out);

  /** A diagonal. */
  static Preconditioner diagonal(ParameterSpace space, Diagonal inverse) {
    return (r, out) -> space.multiply(inverse, r, out);
  }
}
