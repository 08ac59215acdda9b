package io.vicinal.optim;

import io.vicinal.InputException;
import io.vicinal.tensor.Tensor;

/**
 * One parameter with its gradient and the settings that its steps use.
 *
 * <p>The record is immutable, its tensors are not: a group belongs to one optimiser and its thread.
 *
 * @param name for example {@code proxies}; unique within an optimiser
 * @param parameter changed in place, any shape
 * @param gradient the same shape and type; clipped in place by a step
 * @param lr learning rate before a schedule's factor, at least 0
 * @param eps Adam's addend to the root of the second moment; unused by SGD
 * @param weightDecay at least 0
 * @param clip every gradient element is clamped to [-clip, clip]; 0 for no clipping
 */
public record ParameterGroup(
    String name,
    Tensor parameter,
    Tensor gradient,
    double lr,
    double eps,
    double weightDecay,
    double clip) {

  /** Checks shapes and ranges. */
  public ParameterGroup {
    if (!parameter.shape().equals(gradient.shape()) || parameter.dtype() != gradient.dtype()) {
      throw new InputException(
          "group " + name + ": parameter " + parameter + " and gradient " + gradient + " differ");
    }
    checkNotNegative(name, "lr", lr);
    checkNotNegative(name, "eps", eps);
    checkNotNegative(name, "weightDecay", weightDecay);
    checkNotNegative(name, "clip", clip);
  }

  private static void checkNotNegative(String name, String key, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new InputException(
          "group " + name + ": " + key + " must be finite and at least 0, found " + value);
    }
  }
}
