package io.vicinal.kit;

import io.vicinal.backend.Backend;
import io.vicinal.backend.HeadTensors;
import io.vicinal.backend.LossSpec;
import io.vicinal.backend.Targets;
import io.vicinal.loss.Loss;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;

/**
 * A loss of a head over features: shapes, values and places drawn by a {@link Side}. Not
 * thread-safe: its tensors are the side's.
 */
record Problem(
    Loss loss,
    DType type,
    int n,
    int width,
    int d,
    int classes,
    Tensor features,
    Tensor embeddings,
    Targets targets,
    HeadTensors head) {
  /** At least 2 classes: with one, a softmax has nothing but rounding to show. */
  static Problem draw(Side side, Variant variant, DType type, boolean bias) {
    int n = side.size("N", 1);
    int width = side.size("D", 2);
    int d = side.size("d", 2);
    int classes = side.size("C", 2);
    Tensor labels = side.ids(n, classes);
    Tensor weights = variant.weights() ? weights(side, type, n) : null;
    Tensor soft = variant.soft() ? weights(side, type, n, classes) : null;
    double[] weight = side.gaussian((long) d * width, 1 / Math.sqrt(width));
    HeadTensors head =
        new HeadTensors(
            side.of(type, weight, d, width),
            bias ? side.normal(type, d) : null,
            side.normal(type, (long) classes * variant.loss().centers(), d));
    return new Problem(
        variant.loss(),
        type,
        n,
        width,
        d,
        classes,
        side.normal(type, n, width),
        side.normal(type, n, d),
        new Targets(labels, weights, soft),
        head);
  }

  /** 0 to 2, a quarter of them exactly 0. */
  private static Tensor weights(Side side, DType type, long... shape) {
    long count = shape.length == 1 ? shape[0] : shape[0] * shape[1];
    double[] values = new double[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.max(0, side.uniform(-2.0 / 3, 2));
    }
    return side.of(type, values, shape);
  }

  long proxies() {
    return (long) classes * loss.centers();
  }

  LossSpec spec() {
    return loss.spec();
  }

  Backend.Curvature curvature(Side side) {
    return side.backend().curvature(spec(), classes, features, targets, head);
  }
}
