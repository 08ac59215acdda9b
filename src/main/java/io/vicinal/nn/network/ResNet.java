package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/**
 * Residual networks with torchvision's names: the stride of a bottleneck is in its 3 x 3
 * convolution.
 *
 * @param bottleneck whether blocks are 1 x 1, 3 x 3, 1 x 1 convolutions, or two of 3 x 3
 * @param groups of the 3 x 3 convolution of a bottleneck
 * @param width of a bottleneck's 3 x 3 convolution per 64 channels and group, 64 in a plain ResNet
 * @param depths blocks of the four stages
 */
record ResNet(boolean bottleneck, int groups, int width, int... depths) implements Network {
  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = net.convolve("conv1", images, 64, 7, Slide.by(2).padding(3));
    x = net.batchNorm("bn1", x).relu().maxPool(3, 3, Slide.by(2).padding(1));
    for (int stage = 0; stage < depths.length; stage++) {
      for (int block = 0; block < depths[stage]; block++) {
        Layers layers = net.in("layer" + (stage + 1)).in(Integer.toString(block));
        int stride = stage > 0 && block == 0 ? 2 : 1;
        x = block(layers, x, 64 << stage, stride);
      }
    }
    return x;
  }

  private Expr block(Layers net, Expr x, int planes, int stride) {
    int channels = bottleneck ? 4 * planes : planes;
    Expr y = bottleneck ? bottleneck(net, x, planes, stride) : basic(net, x, planes, stride);
    Expr shortcut = x;
    if (stride != 1 || x.known(3) != channels) {
      Layers down = net.in("downsample");
      shortcut = down.batchNorm("1", down.convolve("0", x, channels, 1, Slide.by(stride)));
    }
    return y.plus(shortcut).relu();
  }

  private Expr basic(Layers net, Expr x, int planes, int stride) {
    Expr y = net.convolve("conv1", x, planes, 3, Slide.by(stride).padding(1));
    y = net.batchNorm("bn1", y).relu();
    return net.batchNorm("bn2", net.convolve("conv2", y, planes, 3, Slide.by(1).padding(1)));
  }

  private Expr bottleneck(Layers net, Expr x, int planes, int stride) {
    int inner = planes * width / 64 * groups;
    Expr y = net.batchNorm("bn1", net.convolve("conv1", x, inner, 1, Slide.PLAIN)).relu();
    y = net.convolve("conv2", y, inner, 3, Slide.by(stride).padding(1), groups);
    y = net.batchNorm("bn2", y).relu();
    return net.batchNorm("bn3", net.convolve("conv3", y, 4 * planes, 1, Slide.PLAIN));
  }

  @Override
  public String source() {
    return groups > 1
        ? "Xie et al., CVPR 2017; names of torchvision"
        : "He et al., CVPR 2016; names of torchvision";
  }
}
