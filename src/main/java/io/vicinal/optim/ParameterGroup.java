package io.vicinal.optim;

import io.vicinal.InputException;
import io.vicinal.backend.Update;
import io.vicinal.tensor.Tensor;

/**
 * One parameter with its gradient and the settings that its steps use.
 *
 * <p>The record is immutable, its tensors are not: a group belongs to one optimiser and its thread.
 *
 * @param name for example {@code proxies}; unique within an optimiser
 * @param parameter changed in place, any shape
 * @param gradient the same shape and type; only read
 * @param lr learning rate before a schedule's factor, at least 0
 * @param eps addend to the root of Adam and RMSprop; unused by SGD
 * @param weightDecay at least 0
 * @param momentum of SGD and RMSprop, from 0 to below 1; unused by Adam
 * @param clip of the gradient
 */
public record ParameterGroup(
    String name,
    Tensor parameter,
    Tensor gradient,
    double lr,
    double eps,
    double weightDecay,
    double momentum,
    Update.Clip clip) {

  /** Checks shapes and ranges. */
  public ParameterGroup {
    if (!parameter.shape().equals(gradient.shape()) || parameter.dtype() != gradient.dtype()) {
      throw new InputException(
          "group " + name + ": parameter " + parameter + " and gradient " + gradient + " differ");
    }
    checkNotNegative(name, "lr", lr);
    checkNotNegative(name, "eps", eps);
    checkNotNegative(name, "weightDecay", weightDecay);
    checkNotNegative(name, "momentum", momentum);
    checkNotNegative(name, "clip.value", clip.value());
    checkNotNegative(name, "clip.norm", clip.norm());
  }

  private static void checkNotNegative(String name, String key, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new InputException(
          "group " + name + ": " + key + " must be finite and at least 0, found " + value);
    }
  }
}
