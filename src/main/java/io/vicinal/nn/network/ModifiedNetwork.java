package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import java.util.List;
import java.util.Set;

/** A network with the changes that are said behind its name. */
record ModifiedNetwork(Network base, Set<Modifier> modifiers) implements Network {
  @Override
  public Images images() {
    return base.images();
  }

  @Override
  public Expr map(Layers net, Expr images) {
    return base.map(has(Modifier.FROZEN) ? net.frozen() : net, images);
  }

  @Override
  public Expr features(Layers net, Expr images) {
    Expr map = map(net, images);
    Expr pooled = has(Modifier.MAX) ? map.globalMaxPool() : map.globalAveragePool();
    pooled = has(Modifier.DOUBLE) ? pooled.plus(map.globalMaxPool()) : pooled;
    pooled = has(Modifier.LP2) ? pooled.plus(norms(map, 2)) : pooled;
    pooled = has(Modifier.LP3) ? pooled.plus(norms(map, 3)) : pooled;
    return has(Modifier.LAYERNORM) ? Layers.layerNorm(pooled) : pooled;
  }

  /** The 2-norm or 3-norm of each channel, [N, channels]; the derivative at 0 is 0. */
  private static Expr norms(Expr map, int p) {
    Expr powers = p == 2 ? map.square() : map.abs().times(map.square());
    Expr sums = powers.sum(1, 2).drop(2).drop(1);
    Expr none = sums.equalTo(0);
    return none.select(0, none.select(1, sums).power(1.0 / p));
  }

  @Override
  public boolean normalised() {
    return has(Modifier.NORMALIZE);
  }

  @Override
  public List<Variable> head(long features, long width) {
    return base.head(features, width).stream()
        .map(one -> has(Modifier.HE) ? started(one, width) : one)
        .toList();
  }

  private static Variable started(Variable one, long width) {
    Start start = one.shape().length == 2 ? Start.kaiming(width) : Start.ZEROS;
    return new Variable(one.name(), one.kind(), one.shape(), start);
  }

  @Override
  public String classifier() {
    return base.classifier();
  }

  @Override
  public String source() {
    return base.source();
  }

  private boolean has(Modifier modifier) {
    return modifiers.contains(modifier);
  }
}
