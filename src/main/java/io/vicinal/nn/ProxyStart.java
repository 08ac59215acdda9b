package io.vicinal.nn;

import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Tensor;
import java.util.function.DoubleSupplier;

/**
 * How proxies start. The losses normalise them, so their length only sets how fast they turn.
 * Immutable.
 */
public enum ProxyStart {
  /** N(0, 1) / 8, as ProxyNCA++. */
  NORMAL,
  /** N(0, 2 / (C K)): Kaiming's normal with fan-out, as ProxyAnchor and SoftTriple. */
  KAIMING;

  private static final int FILL = 1 << 16; // values drawn at a time, so that big proxies fit

  /**
   * Draws proxies, or whatever else a loss learns a vector of for every class.
   *
   * @param proxies [..., d]
   */
  public void fill(Tensor proxies, Xoshiro generator) {
    long rows = proxies.size() / proxies.dim(proxies.shape().rank() - 1);
    double deviation = this == NORMAL ? 0.125 : Math.sqrt(2.0 / rows);
    fill(proxies, () -> deviation * generator.nextGaussian());
  }

  /** Sets all values of a tensor, in their order. */
  static void fill(Tensor tensor, DoubleSupplier values) {
    Tensor flat = tensor.reshape(tensor.size());
    for (long from = 0; from < flat.size(); from += FILL) {
      Tensor piece = flat.rows(from, Math.min(from + FILL, flat.size()));
      double[] block = new double[(int) piece.size()];
      for (int i = 0; i < block.length; i++) {
        block[i] = values.getAsDouble();
      }
      piece.set(block);
    }
  }
}
