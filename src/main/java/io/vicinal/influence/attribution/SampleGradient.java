package io.vicinal.influence.attribution;

import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.Targets;
import io.vicinal.influence.problem.CurvaturePoint;
import io.vicinal.influence.problem.HeadProblem;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Tensor;

/** The gradient of one sample's loss as a vector of the problem. */
final class SampleGradient {
  private SampleGradient() {}

  /** out = scale dL_j/dtheta; one vector. */
  static void write(CurvaturePoint point, int sample, double scale, Directions out) {
    HeadProblem problem = point.problem();
    try (Arena arena = new Arena(problem.backend().memory())) {
      HeadTensors at = point.at();
      Directions gradient = point.space().zeros(arena, 1);
      Tensor proxies = gradient.proxies();
      problem
          .backend()
          .headGradient(
              problem.spec(),
              problem.classes(),
              problem.features().rows(sample, sample + 1L),
              Targets.of(point.targets().labels().rows(sample, sample + 1L)),
              at,
              null,
              new HeadTensors(
                  gradient.weight().reshape(at.weight().shape().dims()),
                  null,
                  proxies == null ? null : proxies.reshape(at.proxies().shape().dims())));
      point.space().axpy(scale, gradient, out);
    }
  }
}
