package io.vicinal.program;

import java.util.stream.IntStream;

/**
 * What an expression does as a batch of images, [N, height, width, channels]: convolutions, pools
 * and the normalisation of a batch.
 */
abstract sealed class ImageAxes extends Axes permits Expr {
  ImageAxes(Graph graph) {
    super(graph);
  }

  private Expr self() {
    return (Expr) this;
  }

  private Expr node(Operation operation, Attributes attributes, Expr... operands) {
    return graph().node(operation, attributes, operands);
  }

  /**
   * The convolution with weights [channels out, channels in, height, width]: the sum over a window
   * of entries times weights, as networks have it, without turning the kernel.
   */
  public Expr convolve(Expr weights, Slide slide) {
    return convolve(weights, slide, 1);
  }

  /**
   * The convolution of each of so many groups of channels by itself, with weights [channels out,
   * channels in / groups, height, width].
   */
  public Expr convolve(Expr weights, Slide slide, int groups) {
    if (slide.ceil()) {
      throw new IllegalArgumentException("a convolution has no last window beyond its padding");
    }
    return node(Operation.CONV, slide.ofGroups(groups), self(), weights);
  }

  /** The sums over a window, of the entries of it that are in the image. */
  public Expr sumPool(int height, int width, Slide slide) {
    return node(Operation.POOL_SUM, slide.ofWindow(height, width), self());
  }

  /** The means over a window; entries of the padding count as zeros. */
  public Expr averagePool(int height, int width, Slide slide) {
    if (slide.ceil()) {
      throw new IllegalArgumentException(
          "what lies beyond the padding cannot be counted: use insideAveragePool");
    }
    return sumPool(height, width, slide).over(height * (double) width);
  }

  /** The means over the entries of a window that are in the image. */
  public Expr insideAveragePool(int height, int width, Slide slide) {
    Expr one = slice(0, 0, 1).slice(3, 0, 1); // of which only the shape is read
    Expr entries = graph().constant(1).broadcastLike(one).sumPool(height, width, slide);
    return sumPool(height, width, slide).over(entries);
  }

  /**
   * The largest entries of a window; the derivative goes to the first such. A window that lies
   * beside the image gives 0.
   */
  public Expr maxPool(int height, int width, Slide slide) {
    Expr places = node(Operation.POOL_ARGMAX, slide.ofWindow(height, width), self());
    return join(1).pick(places.join(1), 1).split(places, 1);
  }

  /** The mean of each channel of each image, [N, channels]. */
  public Expr globalAveragePool() {
    return mean(1, 2).drop(2).drop(1);
  }

  /** The largest entry of each channel of each image, [N, channels]. */
  public Expr globalMaxPool() {
    return join(1).max(1).drop(1);
  }

  /**
   * Batch normalisation with the batch's own statistics, over all axes but the last.
   *
   * @param scale of each channel, [channels]
   * @param shift of each channel, [channels]
   * @param epsilon what is added to the variance
   */
  public NormalisedBatch normaliseBatch(Expr scale, Expr shift, double epsilon) {
    int channels = self().rank() - 1;
    int[] axes = IntStream.range(0, channels).toArray();
    Expr mean = mean(axes);
    Expr centred = minus(mean);
    Expr variance = centred.square().mean(axes);
    Expr factor = inFront(scale, channels).over(variance.plus(epsilon).sqrt());
    Expr value = centred.times(factor).plus(inFront(shift, channels));
    return new NormalisedBatch(value, last(mean, channels), last(variance, channels));
  }

  /**
   * Batch normalisation with given statistics, an affine map of each channel.
   *
   * @param mean of each channel, [channels]
   * @param variance of each channel, [channels]
   * @param scale of each channel, [channels]
   * @param shift of each channel, [channels]
   * @param epsilon what is added to the variance
   */
  public Expr normaliseBy(Expr mean, Expr variance, Expr scale, Expr shift, double epsilon) {
    int channels = self().rank() - 1;
    Expr factor = scale.over(variance.plus(epsilon).sqrt());
    return minus(inFront(mean, channels))
        .times(inFront(factor, channels))
        .plus(inFront(shift, channels));
  }

  private static Expr inFront(Expr vector, int axes) {
    Expr x = vector;
    for (int k = 0; k < axes; k++) {
      x = x.expand(0);
    }
    return x;
  }

  private static Expr last(Expr x, int axes) {
    Expr vector = x;
    for (int k = 0; k < axes; k++) {
      vector = vector.drop(0);
    }
    return vector;
  }
}
