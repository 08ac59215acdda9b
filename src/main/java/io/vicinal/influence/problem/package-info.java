/**
 * What is differentiated: a delivered head over the features it was trained on, in the basis where
 * its curvature is nearly diagonal; its vectors, its unit of damping, and its curvature at a point.
 * Read {@link io.vicinal.influence.problem.HeadProblem} first.
 */
package io.vicinal.influence.problem;
