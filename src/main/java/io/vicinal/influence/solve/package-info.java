/**
 * Damped curvature systems (M + lambda) x = b over a whole training set: conjugate gradients for
 * many right-hand sides, re-convergence of the head, the damping that both need, and what they will
 * cost.
 */
package io.vicinal.influence.solve;
