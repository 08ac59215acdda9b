package io.vicinal.backend;

import io.vicinal.tensor.Tensor;
import java.util.List;

/**
 * What one step of an optimiser does to one parameter.
 *
 * <p>The record is immutable, its tensors are not.
 *
 * @param names of the tensors, for sentences; the first is the parameter's
 * @param tensors the parameter, its gradient, which is only read, and the states of the {@link
 *     UpdateRule}, null where one is not needed; all of one shape and type, states zeros at first
 * @param step of this parameter, counted from 1
 * @param lr learning rate
 * @param weightDecay added to the gradient, for AdamW taken from the parameter
 * @param eps added to the root; unused by SGD
 * @param momentum unused by Adam
 * @param beta1 Adam's decay of the first moment
 * @param beta2 Adam's decay of the second moment, RMSprop's of the mean square
 * @param clip what is done to the gradient before
 */
public record Update(
    List<String> names,
    List<Tensor> tensors,
    long step,
    double lr,
    double weightDecay,
    double eps,
    double momentum,
    double beta1,
    double beta2,
    Clip clip) {

  /**
   * How a gradient is clipped.
   *
   * @param value its elements are clamped to [-value, value]; 0: not
   * @param norm the gradients of a set are scaled by norm / (their common norm + 1e-6) where that
   *     is below 1, as {@code torch.nn.utils.clip_grad_norm_}; 0: not
   * @param set 0..65535, for {@code norm}
   */
  public record Clip(double value, double norm, int set) {
    /** The gradient as it is. */
    public static final Clip NONE = new Clip(0, 0, 0);
  }
}
