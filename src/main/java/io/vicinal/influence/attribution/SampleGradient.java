package io.vicinal.influence.attribution;

import io.vicinal.backend.Directions;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.tensor.Arena;

/** The gradient of one sample's loss as a vector of the problem. */
final class SampleGradient {
  private SampleGradient() {}

  /** out = scale dL_j/dtheta; one vector. */
  static void write(CurvaturePoint point, int sample, double scale, Directions out) {
    try (Arena arena = new Arena(point.space().backend().memory())) {
      Directions gradient = point.space().zeros(arena, 1);
      point.loss().of(sample).gradient(point.at(), gradient);
      point.space().axpy(scale, gradient, out);
    }
  }
}
