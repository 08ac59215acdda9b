package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/**
 * Pyramidal residual networks of bottlenecks for pictures of 32 x 32: each block is a little wider
 * than the one before, and a shortcut has zeros where it is too narrow.
 *
 * @param depth layers, 9 a block of each of the three stages and 2
 * @param widening how much wider the last block is than the first convolution, 16 channels
 */
record PyramidNet(int depth, int widening) implements Network {
  private static final int STAGES = 3;
  private static final int FIRST = 16;
  private static final int OUT = 4; // channels of a block's result for one inside

  @Override
  public Images images() {
    return new Images(32, 32, 3);
  }

  @Override
  public Expr map(Layers net, Expr images) {
    int blocks = (depth - 2) / (3 * STAGES);
    Expr x = net.convolve("conv1", images, FIRST, 3, Slide.PLAIN.padding(1));
    x = net.batchNorm("bn1", x);
    for (int k = 0; k < STAGES * blocks; k++) {
      Layers layers = net.in("layer" + (k / blocks + 1)).in(Integer.toString(k % blocks));
      double width = FIRST + widening * (k + 1.0) / (STAGES * blocks);
      x = block(layers, x, (int) Math.rint(width), k > 0 && k % blocks == 0 ? 2 : 1);
    }
    return net.batchNorm("bn_final", x).relu();
  }

  private static Expr block(Layers net, Expr x, int width, int stride) {
    Expr y = net.convolve("conv1", net.batchNorm("bn1", x), width, 1, Slide.PLAIN);
    y = net.batchNorm("bn2", y).relu();
    y = net.convolve("conv2", y, width, 3, Slide.by(stride).padding(1));
    y = net.batchNorm("bn3", y).relu();
    y = net.batchNorm("bn4", net.convolve("conv3", y, OUT * width, 1, Slide.PLAIN));
    Expr shortcut = stride == 1 ? x : x.insideAveragePool(2, 2, Slide.by(stride).toTheEnd());
    int channels = x.known(3);
    if (channels < OUT * width) {
      Expr zeros = x.graph().constant(0).broadcastLike(y.slice(3, channels, OUT * width));
      shortcut = shortcut.concat(zeros, 3);
    }
    return y.plus(shortcut);
  }

  @Override
  public String source() {
    return "Han et al., CVPR 2017; names of dyhan0920/PyramidNet-PyTorch";
  }
}
