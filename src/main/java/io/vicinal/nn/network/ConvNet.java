package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/** Three convolutions for small grey pictures, each normalised: 93,000 weights. */
record ConvNet() implements Network {
  @Override
  public Images images() {
    return new Images(28, 28, 1);
  }

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = images;
    for (int stage = 1; stage <= 3; stage++) {
      x = net.convolve("conv" + stage, x, 16 << stage, 3, Slide.PLAIN.padding(1));
      x = net.batchNorm("bn" + stage, x).relu();
      x = stage < 3 ? x.maxPool(2, 2, Slide.by(2)) : x;
    }
    return x;
  }

  @Override
  public String source() {
    return "Vicinal's own";
  }
}
