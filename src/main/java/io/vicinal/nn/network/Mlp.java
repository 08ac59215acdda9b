package io.vicinal.nn.network;

import io.vicinal.program.Expr;

/**
 * Linear maps of all of an image's entries, each with a relu.
 *
 * @param widths of the maps' results
 */
record Mlp(int... widths) implements Network {
  @Override
  public Images images() {
    return new Images(28, 28, 1);
  }

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = images.join(1).join(1);
    for (int k = 0; k < widths.length; k++) {
      x = net.linear("hidden" + (k + 1), x, widths[k]).relu();
    }
    return x.expand(1).expand(1);
  }

  @Override
  public String source() {
    return "Vicinal's own";
  }
}
