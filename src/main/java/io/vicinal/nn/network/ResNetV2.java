package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/**
 * Residual networks of Big Transfer: standardised weights, group normalisation in front of each
 * convolution, and a first pool that sees zeros around its map.
 *
 * @param width channels of the first stage's map, 256 in the published ones
 * @param depths blocks of the stages
 */
record ResNetV2(int width, int... depths) implements Network {
  private static final int GROUPS = 32;
  private static final double EPSILON = 1e-8; // in the variance of a weight

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = convolve(net, "stem.conv", images, 64, 7, 2);
    x = surrounded(surrounded(x, 1), 2).maxPool(3, 3, Slide.by(2));
    for (int stage = 0; stage < depths.length; stage++) {
      for (int block = 0; block < depths[stage]; block++) {
        Layers layers = net.in("stages." + stage).in("blocks." + block);
        int stride = stage > 0 && block == 0 ? 2 : 1;
        x = block(layers, x, width << stage, stride, block == 0);
      }
    }
    return net.groupNorm("norm", x, GROUPS).relu();
  }

  private static Expr convolve(
      Layers net, String name, Expr x, int channels, int kernel, int stride) {
    Slide slide = Slide.by(stride).padding(kernel / 2);
    return net.convolveStandardised(name, x, channels, kernel, slide, EPSILON);
  }

  /** With zeros before and behind an axis, which a pool's own padding would not count. */
  private static Expr surrounded(Expr x, int axis) {
    Expr zeros = x.graph().constant(0).broadcastLike(x.slice(axis, 0, 1));
    return zeros.concat(x, axis).concat(zeros, axis);
  }

  private static Expr block(Layers net, Expr x, int channels, int stride, boolean first) {
    Expr y = net.groupNorm("norm1", x, GROUPS).relu();
    Expr shortcut = first ? convolve(net, "downsample.conv", y, channels, 1, stride) : x;
    y = convolve(net, "conv1", y, channels / 4, 1, 1);
    y = net.groupNorm("norm2", y, GROUPS).relu();
    y = convolve(net, "conv2", y, channels / 4, 3, stride);
    y = net.groupNorm("norm3", y, GROUPS).relu();
    return convolve(net, "conv3", y, channels, 1, 1).plus(shortcut);
  }

  @Override
  public String classifier() {
    return "head.fc";
  }

  @Override
  public String source() {
    return "Kolesnikov et al., ECCV 2020; names of timm";
  }
}
