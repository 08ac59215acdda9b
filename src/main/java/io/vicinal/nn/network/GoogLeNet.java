package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/**
 * GoogLeNet with batch normalisation, as torchvision has it: 3 x 3 in place of the paper's 5 x 5
 * convolutions, and without the two classifiers in the middle, whose weights a file may have.
 */
record GoogLeNet() implements Network {
  private static final double EPSILON = 1e-3;
  private static final Slide HALF = Slide.by(2).toTheEnd();

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = unit(net.in("conv1"), images, 64, 7, Slide.by(2).padding(3)).maxPool(3, 3, HALF);
    x = unit(net.in("conv2"), x, 64, 1, Slide.PLAIN);
    x = unit(net.in("conv3"), x, 192, 3, Slide.PLAIN.padding(1)).maxPool(3, 3, HALF);
    x = inception(net.in("inception3a"), x, 64, 96, 128, 16, 32, 32);
    x = inception(net.in("inception3b"), x, 128, 128, 192, 32, 96, 64).maxPool(3, 3, HALF);
    x = inception(net.in("inception4a"), x, 192, 96, 208, 16, 48, 64);
    x = inception(net.in("inception4b"), x, 160, 112, 224, 24, 64, 64);
    x = inception(net.in("inception4c"), x, 128, 128, 256, 24, 64, 64);
    x = inception(net.in("inception4d"), x, 112, 144, 288, 32, 64, 64);
    x = inception(net.in("inception4e"), x, 256, 160, 320, 32, 128, 128).maxPool(2, 2, HALF);
    x = inception(net.in("inception5a"), x, 256, 160, 320, 32, 128, 128);
    return inception(net.in("inception5b"), x, 384, 192, 384, 48, 128, 128);
  }

  private static Expr unit(Layers net, Expr x, int channels, int kernel, Slide slide) {
    Expr y = net.convolve("conv", x, channels, kernel, slide);
    return net.batchNorm("bn", y, EPSILON).relu();
  }

  private static Expr inception(Layers net, Expr x, int one, int in2, int two, int... more) {
    Slide around = Slide.PLAIN.padding(1);
    Expr first = unit(net.in("branch1"), x, one, 1, Slide.PLAIN);
    Expr second = unit(net.in("branch2.0"), x, in2, 1, Slide.PLAIN);
    second = unit(net.in("branch2.1"), second, two, 3, around);
    Expr third = unit(net.in("branch3.0"), x, more[0], 1, Slide.PLAIN);
    third = unit(net.in("branch3.1"), third, more[1], 3, around);
    Expr fourth = unit(net.in("branch4.1"), x.maxPool(3, 3, around), more[2], 1, Slide.PLAIN);
    return first.concat(second, 3).concat(third, 3).concat(fourth, 3);
  }

  @Override
  public String source() {
    return "Szegedy et al., CVPR 2015; names of torchvision";
  }
}
