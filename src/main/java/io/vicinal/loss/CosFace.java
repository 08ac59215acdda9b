package io.vicinal.loss;

import java.util.Map;

/**
 * CosFace: softmax over scaled cosines with a margin subtracted from the label's.
 *
 * <p>L_i = -log softmax_c(scale (cos(z, p_c) - margin [c = y]))_y.
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param margin default 0.35
 * @param scale above 0, default 64
 * @see <a href="https://arxiv.org/abs/1801.09414">Wang et al. 2018</a>
 */
public record CosFace(double margin, double scale) implements Loss {
  static final String NAME = "cosface";

  /** Defaults: margin 0.35, scale 64. */
  public CosFace() {
    this(new Settings(NAME));
  }

  CosFace(Settings p) {
    this(p.number("margin"), p.number("scale"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Settings.ordered("margin", margin, "scale", scale);
  }

  @Override
  public String source() {
    return "Wang et al., CVPR 2018";
  }

  @Override
  public String formula() {
    return "mean_i [ -log softmax_c(scale (cos(z, p_c) - margin [c = y]))_y ]";
  }
}
