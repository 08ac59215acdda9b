package io.vicinal.influence.problem;

import io.vicinal.backend.Backend;
import io.vicinal.backend.Directions;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/**
 * L(theta) = (1/N) sum_i w_i L_i of a head over features: what gradients and curvature are taken
 * of. Its tensors are borrowed. Immutable, safe for any thread.
 *
 * @param classes C
 * @param features [N, D]
 * @param targets labels and weights
 */
public record EmpiricalLoss(
    Backend backend, LossSpec spec, long classes, Tensor features, Targets targets) {

  /** The same with other labels or weights. */
  public EmpiricalLoss with(Targets others) {
    return new EmpiricalLoss(backend, spec, classes, features, others);
  }

  /** L_j: one sample alone, unweighted. */
  public EmpiricalLoss of(long sample) {
    return new EmpiricalLoss(
        backend,
        spec,
        classes,
        features.rows(sample, sample + 1),
        Targets.of(targets.labels().rows(sample, sample + 1)));
  }

  /** Writes the gradient into one vector; returns L. */
  public double gradient(HeadTensors at, Directions out) {
    Map<String, Tensor> parts = out.named();
    Map<String, Tensor> shapes = at.named();
    parts.replaceAll((name, part) -> part.reshape(shapes.get(name).shape().dims()));
    HeadTensors gradient = HeadTensors.of(parts);
    return backend.headGradient(spec, classes, features, targets, at, null, gradient).loss();
  }

  /** The curvature at a point. */
  Backend.Curvature curvature(HeadTensors at) {
    return backend.curvature(spec, classes, features, targets, at);
  }
}
