package io.vicinal.backend;

import io.vicinal.tensor.Tensor;
import java.util.Objects;

/**
 * What a loss compares embeddings with.
 *
 * <p>Immutable as a record; its tensors are shared, and writing to them is for one thread at a
 * time.
 *
 * @param labels I64 [B], each in 0..C-1
 * @param weights the embeddings' type [B], finite and 0 or more; null for ones
 * @param softLabels the embeddings' type [B, C], finite and 0 or more, in place of the one-hot
 *     label; null for hard labels
 */
public record Targets(Tensor labels, Tensor weights, Tensor softLabels) {
  public Targets {
    Objects.requireNonNull(labels, "labels");
  }

  /** Hard labels, every sample counting the same. */
  public static Targets of(Tensor labels) {
    return new Targets(labels, null, null);
  }
}
