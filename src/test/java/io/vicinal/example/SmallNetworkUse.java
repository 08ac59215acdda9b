package io.vicinal.example;

import io.vicinal.nn.network.Layers;
import io.vicinal.nn.network.Network;
import io.vicinal.program.Expr;
import io.vicinal.program.Slide;

/** Two convolutions and their mean. */
public record SmallNetworkUse() implements Network {
  @Override
  public Images images() {
    return new Images(28, 28, 1);
  }

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = net.convolve("conv1", images, 32, 3, Slide.PLAIN.padding(1));
    x = net.batchNorm("bn1", x).relu().maxPool(2, 2, Slide.by(2));
    return net.batchNorm("bn2", net.convolve("conv2", x, 64, 3, Slide.PLAIN)).relu();
  }

  @Override
  public String source() {
    return "this page";
  }
}
