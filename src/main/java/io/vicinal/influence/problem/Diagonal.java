package io.vicinal.influence.problem;

import io.vicinal.nn.Head;
import io.vicinal.tensor.Tensor;
import java.util.Map;

/**
 * A diagonal matrix over a problem's parameters. Its tensors are shared and not to be changed.
 *
 * @param parts by the parameter's name, of its shape; constants have none
 */
public record Diagonal(Map<String, Tensor> parts) {
  /** The weight's part, [d, D]. */
  public Tensor weight() {
    return parts.get(Head.WEIGHT);
  }
}
