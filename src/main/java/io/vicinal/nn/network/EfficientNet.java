package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/** EfficientNet-B0 with timm's names; paddings are the same on all sides, as timm trained it. */
record EfficientNet() implements Network {
  /** Blocks, kernel, stride of the first block, widening inside, channels. */
  private static final int[][] STAGES = {
    {1, 3, 1, 1, 16},
    {2, 3, 2, 6, 24},
    {2, 5, 2, 6, 40},
    {3, 3, 2, 6, 80},
    {3, 5, 1, 6, 112},
    {4, 5, 2, 6, 192},
    {1, 3, 1, 6, 320}
  };

  private static final int SQUEEZED = 4; // channels of a block's input for one behind the squeeze

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = net.convolve("conv_stem", images, 32, 3, Slide.by(2).padding(1));
    x = net.batchNorm("bn1", x).silu();
    for (int stage = 0; stage < STAGES.length; stage++) {
      int[] shape = STAGES[stage];
      for (int block = 0; block < shape[0]; block++) {
        Layers layers = net.in("blocks." + stage).in(Integer.toString(block));
        x = block(layers, x, shape[1], block == 0 ? shape[2] : 1, shape[3], shape[4]);
      }
    }
    return net.batchNorm("bn2", net.convolve("conv_head", x, 1280, 1, Slide.PLAIN)).silu();
  }

  private static Expr block(
      Layers net, Expr x, int kernel, int stride, int widening, int channels) {
    int in = x.known(3);
    int inner = in * widening;
    int norms = 0;
    Expr y = x;
    if (widening > 1) {
      y = net.batchNorm("bn" + ++norms, net.convolve("conv_pw", y, inner, 1, Slide.PLAIN)).silu();
    }
    y = net.convolve("conv_dw", y, inner, kernel, Slide.by(stride).padding(kernel / 2), inner);
    y = net.batchNorm("bn" + ++norms, y).silu();
    y = net.squeezeExcite("se", y, in / SQUEEZED);
    y = net.convolve(widening > 1 ? "conv_pwl" : "conv_pw", y, channels, 1, Slide.PLAIN);
    y = net.batchNorm("bn" + ++norms, y);
    return stride == 1 && in == channels ? y.plus(x) : y;
  }

  @Override
  public String classifier() {
    return "classifier";
  }

  @Override
  public String source() {
    return "Tan and Le, ICML 2019; names of timm";
  }
}
