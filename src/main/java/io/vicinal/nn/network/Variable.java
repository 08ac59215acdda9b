package io.vicinal.nn.network;

import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.Arrays;

/**
 * A named tensor of a network, as a layer declares it. Immutable.
 *
 * @param name the name that it has in the source framework's files, {@code layer1.0.conv1.weight}
 * @param kind learned, or kept by the layer
 * @param shape its sizes; without any, a number
 * @param start its first values
 */
public record Variable(String name, Kind kind, long[] shape, Start start) {
  /** What becomes of a variable in training. */
  public enum Kind {
    /** An optimiser changes it. */
    LEARNED,
    /** A running statistic: a training step's program says its next value. */
    STATISTIC,
    /** A count of training steps, int64, which no program reads. */
    COUNT
  }

  /** A new tensor with its first values, drawn by the name, so that no other variable matters. */
  public Tensor create(Arena arena, DType dtype, long seed) {
    Tensor tensor = arena.allocate(kind == Kind.COUNT ? DType.I64 : dtype, shape);
    start.fill(tensor, name, seed);
    return tensor;
  }

  /** The shape of it in words, {@code [64, 3, 7, 7]}. */
  String size() {
    return Arrays.toString(shape);
  }

  @Override
  public String toString() {
    return name + " " + size();
  }
}
