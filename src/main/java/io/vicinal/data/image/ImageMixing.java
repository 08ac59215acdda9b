package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.backend.Backend;
import io.vicinal.data.image.ImageView.Box;
import io.vicinal.sample.Xoshiro;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * How the pictures of a batch are mixed with each other; a loss is then {@code share * L(y) + (1 -
 * share) * L(y[partners])}. Immutable, so safe for any thread.
 *
 * @param share of a picture itself
 * @param partners the picture of the batch that each is mixed with, a permutation
 * @param pasted the rectangle that comes from the partner (CutMix); null: everything is blended
 *     (Mixup)
 */
public record ImageMixing(double share, long[] partners, Box pasted) {

  /**
   * Mixup (Zhang, Cisse, Dauphin, Lopez-Paz, ICLR 2018): one share for the batch, from Beta(alpha,
   * alpha), and a random permutation.
   */
  public static ImageMixing mixup(int batch, double alpha, Xoshiro random) {
    return new ImageMixing(beta(alpha, random), permutation(batch, random), null);
  }

  /**
   * CutMix (Yun et al., ICCV 2019): a rectangle whose sides are sqrt(1 - s) of the picture's, s
   * from Beta(alpha, alpha), around any place, cut at the edges; the share is what is left exactly.
   */
  public static ImageMixing cutmix(int batch, int width, int height, double alpha, Xoshiro random) {
    double side = Math.sqrt(1 - beta(alpha, random));
    int w = (int) (width * side);
    int h = (int) (height * side);
    int x = random.below(width);
    int y = random.below(height);
    int left = Math.max(0, x - w / 2);
    int top = Math.max(0, y - h / 2);
    int right = Math.min(width, x + w / 2);
    int bottom = Math.min(height, y + h / 2);
    Box pasted = new Box(left, top, right - left, bottom - top);
    double share = 1 - (double) pasted.width() * pasted.height() / ((double) width * height);
    return new ImageMixing(share, permutation(batch, random), pasted);
  }

  private static long[] permutation(int batch, Xoshiro random) {
    long[] order = new long[batch];
    Arrays.setAll(order, i -> i);
    random.shuffle(order, 0, batch);
    return order;
  }

  /** X / (X + Y) of two gamma variables. */
  private static double beta(double alpha, Xoshiro random) {
    if (!(alpha > 0 && alpha < 1e6)) {
      throw new InputException("alpha: is " + alpha + "; give a finite number above 0");
    }
    if (alpha == 1) {
      return random.nextDouble();
    }
    double x = logGamma(alpha, random);
    double y = logGamma(alpha, random);
    return 1 / (1 + StrictMath.exp(y - x)); // a small alpha's variables are too small for a double
  }

  /**
   * The logarithm of a gamma variable (Marsaglia and Tsang, ACM TOMS 2000), below 1 from one of
   * alpha + 1.
   */
  private static double logGamma(double alpha, Xoshiro random) {
    if (alpha < 1) {
      double lifted = logGamma(alpha + 1, random);
      return lifted + StrictMath.log(1 - random.nextDouble()) / alpha;
    }
    double d = alpha - 1.0 / 3;
    double c = 1 / StrictMath.sqrt(9 * d);
    while (true) {
      double z = random.nextGaussian();
      double v = 1 + c * z;
      if (v <= 0) {
        continue;
      }
      double cube = v * v * v;
      double u = 1 - random.nextDouble();
      if (StrictMath.log(u) < 0.5 * z * z + d - d * cube + d * StrictMath.log(cube)) {
        return StrictMath.log(d) + StrictMath.log(cube);
      }
    }
  }

  /**
   * Mixes a batch.
   *
   * @param images [B, height, width, channels] of numbers
   * @param scratch of the same device, has room for the partners until it is reset
   * @param out like images, overwritten, and not the same
   */
  public void apply(Backend backend, Tensor images, Arena scratch, Tensor out) {
    int batch = (int) images.dim(0);
    if (batch != partners.length || !out.shape().equals(images.shape())) {
      throw new InputException(
          "images: are " + images + ", to be mixed for " + partners.length + " into " + out);
    }
    long width = images.size() / batch;
    Tensor rows = images.reshape(batch, width);
    Tensor mixed = out.reshape(batch, width);
    if (pasted != null) {
      mixed.copyFrom(rows);
      paste(images, out);
      return;
    }
    Tensor ids = scratch.of(partners, batch);
    Tensor away = scratch.allocate(images.dtype(), batch, width);
    double[] factor = new double[batch];
    backend.gatherRows(rows, ids, away);
    backend.gatherRows(rows, ids, mixed);
    Arrays.fill(factor, -1);
    backend.xpby(rows, factor, away);
    Arrays.fill(factor, share);
    backend.axpy(factor, away, mixed);
  }

  private void paste(Tensor images, Tensor out) {
    if (!out.device().equals(Device.CPU)) {
      throw new InputException("out: lies on " + out.device() + "; mix in the process's memory");
    }
    long pixel = images.dim(3) * images.dtype().bytes();
    long row = images.dim(2) * pixel;
    ByteBuffer strip = ByteBuffer.allocateDirect((int) (pasted.width() * pixel));
    for (int i = 0; i < partners.length && pasted.width() > 0; i++) {
      for (int y = pasted.top(); y < pasted.top() + pasted.height(); y++) {
        long within = y * row + pasted.left() * pixel;
        images.read(partners[i] * images.dim(1) * row + within, strip.clear());
        out.write(i * images.dim(1) * row + within, strip.flip());
      }
    }
  }
}
