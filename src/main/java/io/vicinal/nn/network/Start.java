package io.vicinal.nn.network;

import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.util.function.DoubleSupplier;

/**
 * The first values of a variable: a constant plus random numbers. Float32 values are the rounded
 * float64 ones.
 *
 * @param constant what every value has
 * @param deviation of normal numbers; 0 for none
 * @param bound of uniform numbers; 0 for none
 */
public record Start(double constant, double deviation, double bound) {
  /** Zeros. */
  public static final Start ZEROS = new Start(0, 0, 0);

  /** Ones. */
  public static final Start ONES = new Start(1, 0, 0);

  private static final int PIECE = 1 << 16; // values drawn at a time

  /**
   * Of weights before a relu, N(0, 2 / fan-out) (He et al., ICCV 2015).
   *
   * @param fanOut the entries of a result that an input reaches: channels out times the kernel's
   *     entries, per group
   */
  public static Start kaiming(double fanOut) {
    return new Start(0, Math.sqrt(2 / fanOut), 0);
  }

  /** Uniform in ±1/sqrt(fan-in), as torch's linear layers and convolutions start. */
  public static Start uniform(double fanIn) {
    return new Start(0, 0, 1 / Math.sqrt(fanIn));
  }

  void fill(Tensor tensor, String name, long seed) {
    if (tensor.size() == 0) {
      return;
    }
    Xoshiro generator = Xoshiro.of(seed, name);
    DoubleSupplier draw =
        deviation > 0
            ? () -> deviation * generator.nextGaussian()
            : () -> bound * (2 * generator.nextDouble() - 1);
    boolean random = deviation > 0 || bound > 0;
    Tensor flat = tensor.reshape(tensor.size());
    for (long from = 0; from < flat.size(); from += PIECE) {
      Tensor piece = flat.rows(from, Math.min(from + PIECE, flat.size()));
      double[] values = new double[(int) piece.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = constant + (random ? draw.getAsDouble() : 0);
      }
      set(piece, values);
    }
  }

  private static void set(Tensor piece, double[] values) {
    if (piece.dtype() == DType.I64) {
      long[] whole = new long[values.length];
      for (int i = 0; i < whole.length; i++) {
        whole[i] = Math.round(values[i]);
      }
      piece.set(whole);
    } else {
      piece.set(values);
    }
  }
}
