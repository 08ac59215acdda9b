package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/**
 * Residual networks with normalisation in front of each convolution, for pictures of 32 x 32.
 * Nothing is normalised behind the last block, as in the files whose names these are; the paper's
 * networks of 50 layers and more have a last normalisation.
 *
 * @param depths blocks of the stages
 */
record PreActResNet(int... depths) implements Network {
  @Override
  public Images images() {
    return new Images(32, 32, 3);
  }

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = net.convolve("conv1", images, 64, 3, Slide.PLAIN.padding(1));
    for (int stage = 0; stage < depths.length; stage++) {
      for (int block = 0; block < depths[stage]; block++) {
        Layers layers = net.in("layer" + (stage + 1)).in(Integer.toString(block));
        x = block(layers, x, 64 << stage, stage > 0 && block == 0 ? 2 : 1);
      }
    }
    return x;
  }

  private static Expr block(Layers net, Expr x, int channels, int stride) {
    Expr y = net.batchNorm("bn1", x).relu();
    boolean same = stride == 1 && x.known(3) == channels;
    Expr shortcut = same ? x : net.convolve("shortcut.0", y, channels, 1, Slide.by(stride));
    y = net.convolve("conv1", y, channels, 3, Slide.by(stride).padding(1));
    y = net.batchNorm("bn2", y).relu();
    return net.convolve("conv2", y, channels, 3, Slide.PLAIN.padding(1)).plus(shortcut);
  }

  @Override
  public String classifier() {
    return "linear";
  }

  @Override
  public String source() {
    return "He et al., ECCV 2016; names of kuangliu/pytorch-cifar";
  }
}
