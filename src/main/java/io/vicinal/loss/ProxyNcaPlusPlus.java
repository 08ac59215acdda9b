package io.vicinal.loss;

import java.util.Map;

/**
 * ProxyNCA++: ProxyNCA over all proxies with the scale on the vectors, so that squared distances
 * carry its square. With scale 3 it equals {@link ProxyNca} with scale 9, that is temperature 1/9.
 *
 * <p>L_i = |s z^ - s p^_y|^2 + log sum_c exp(-|s z^ - s p^_c|^2).
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param scale s, multiplies the unit vectors; above 0, default 3
 * @param excludePositive whether the denominator leaves the label's proxy out; default false
 * @see <a href="https://arxiv.org/abs/2004.01113">Teh, DeVries, Taylor 2020</a>
 */
public record ProxyNcaPlusPlus(double scale, boolean excludePositive) implements Loss {
  static final String NAME = "proxy-nca-pp";

  /** Defaults: scale 3, all proxies in the denominator. */
  public ProxyNcaPlusPlus() {
    this(new Settings(NAME));
  }

  ProxyNcaPlusPlus(Settings p) {
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
    return "Teh, DeVries, Taylor, ECCV 2020";
  }

  @Override
  public String formula() {
    return "mean_i [ |s z^ - s p^_y|^2 + log sum_"
        + (excludePositive ? "{c != y}" : "c")
        + " exp(-|s z^ - s p^_c|^2) ], s = scale";
  }
}
