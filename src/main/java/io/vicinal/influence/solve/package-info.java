/**
 * Damped curvature systems (M + lambda) x = b over a whole training set: the problem in its basis,
 * the Kronecker-factored preconditioner, conjugate gradients for many right-hand sides,
 * re-convergence of the head, and what it will cost. Read {@link
 * io.vicinal.influence.solve.HeadProblem} first.
 */
package io.vicinal.influence.solve;
