package io.vicinal.loss;

import java.util.Map;

/**
 * ArcFace: softmax over scaled cosines with a margin added to the label's angle.
 *
 * <p>L_i = -log softmax_c(l_c)_y with l_y = scale cos(theta_y + margin), l_c = scale cos(theta_c)
 * otherwise; beyond theta_y = 180 degrees - margin, l_y = scale (cos(theta_y) - margin
 * sin(margin)), margin in radians, which goes on falling. Where sin^2 theta_y is at its floor, the
 * unmargined derivatives are used (docs/arithmetic.md).
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param marginDegrees 0 to below 180, default 28.6
 * @param scale above 0, default 64
 * @see <a href="https://arxiv.org/abs/1801.07698">Deng et al. 2019</a>
 */
public record ArcFace(double marginDegrees, double scale) implements Loss {
  static final String NAME = "arcface";

  /** Defaults: margin 28.6 degrees, scale 64. */
  public ArcFace() {
    this(new Settings(NAME));
  }

  ArcFace(Settings p) {
    this(p.number("margin-degrees"), p.number("scale"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Settings.ordered("margin-degrees", marginDegrees, "scale", scale);
  }

  @Override
  public String source() {
    return "Deng et al., CVPR 2019";
  }

  @Override
  public String formula() {
    return "mean_i [ -log softmax_c(scale cos(theta_c + margin [c = y]))_y ]; beyond theta_y = pi - margin"
        + " its cosine is cos theta_y - margin sin margin";
  }
}
