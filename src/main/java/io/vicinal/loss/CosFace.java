package io.vicinal.loss;

import io.vicinal.backend.LossSpec;
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
    this(0.35, 64);
  }

  static CosFace of(Map<String, String> given) {
    CosFace defaults = new CosFace();
    Parameters parameters = new Parameters(NAME, given, defaults.params().keySet());
    return new CosFace(
        parameters.margin("margin", defaults.margin), parameters.positive("scale", defaults.scale));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Parameters.ordered("margin", margin, "scale", scale);
  }

  @Override
  public LossSpec spec() {
    return new LossSpec(LossSpec.COSFACE, 0, 1, scale, margin, 0, 0);
  }

  @Override
  public boolean acceptsSoftLabels() {
    return false;
  }

  @Override
  public String formula() {
    return "mean_i [ -log softmax_c(scale (cos(z, p_c) - margin [c = y]))_y ]";
  }
}
