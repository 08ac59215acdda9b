package io.vicinal.loss;

import java.util.Map;

/**
 * Normalised softmax: cross-entropy with cosines over a temperature as logits.
 *
 * <p>L_i = -log softmax_c(cos(z, p_c) / temperature)_y.
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param temperature above 0, default 0.05
 * @see <a href="https://arxiv.org/abs/1811.12649">Zhai and Wu 2018</a>
 */
public record NormalizedSoftmax(double temperature) implements Loss {
  static final String NAME = "normalized-softmax";

  /** Default: temperature 0.05. */
  public NormalizedSoftmax() {
    this(new Settings(NAME));
  }

  NormalizedSoftmax(Settings p) {
    this(p.number("temperature"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Settings.ordered("temperature", temperature);
  }

  @Override
  public String source() {
    return "Zhai and Wu, BMVC 2019";
  }

  @Override
  public String formula() {
    return "mean_i [ -log softmax_c(cos(z, p_c) / temperature)_y ]";
  }
}
