package io.vicinal.loss;

import java.util.Map;

/**
 * Proxy neighbourhood component analysis: cross-entropy over proxies with negative squared
 * distances of unit vectors as logits.
 *
 * <p>L_i = scale |z^ - p^_y|^2 + log sum_c exp(-scale |z^ - p^_c|^2); with {@code excludePositive},
 * the original form, c runs over all classes but y (the loss can be negative; with one class the
 * sum is empty and L_i is 0).
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param scale multiplies the squared distances; above 0, default 1
 * @param excludePositive whether the denominator leaves the label's proxy out; default false
 * @see <a href="https://arxiv.org/abs/1703.07464">Movshovitz-Attias et al. 2017</a>
 */
public record ProxyNca(double scale, boolean excludePositive) implements Loss {
  static final String NAME = "proxy-nca";

  /** Defaults: scale 1, all proxies in the denominator. */
  public ProxyNca() {
    this(new Settings(NAME));
  }

  ProxyNca(Settings p) {
    this(p.number("scale"), p.other("exclude-positive"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Settings.ordered("scale", scale, "exclude-positive", excludePositive);
  }

  @Override
  public String source() {
    return "Movshovitz-Attias et al., ICCV 2017";
  }

  @Override
  public String formula() {
    return "mean_i [ scale |z^ - p^_y|^2 + log sum_"
        + (excludePositive ? "{c != y}" : "c")
        + " exp(-scale |z^ - p^_c|^2) ]";
  }
}
