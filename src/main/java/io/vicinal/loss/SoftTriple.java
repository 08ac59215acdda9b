package io.vicinal.loss;

import java.util.Map;

/**
 * SoftTriple: several centres per class; a class's similarity is a soft maximum over its centres.
 *
 * <p>S_c = sum_k softmax_k(cos(z, p_ck) / gamma) cos(z, p_ck); L_i = -log softmax_c(la (S_c -
 * margin [c = y]))_y. The regulariser tau sum_c sum_{j &lt; k} sqrt(2 + 1e-5 - 2 cos(p_cj, p_ck)) /
 * (C K (K-1)) is added to the batch mean; it has no weights and no per-sample share.
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param la inverse temperature of the class softmax; above 0, default 20
 * @param gamma temperature of the centre softmax; above 0, default 0.1
 * @param margin default 0.01
 * @param tau weight of the regulariser; 0 or more, default 0.2
 * @param centers K; class c owns proxy rows cK..cK+K-1; default 10, as in the paper's experiments
 * @see <a href="https://arxiv.org/abs/1909.05235">Qian et al. 2019</a>
 */
public record SoftTriple(double la, double gamma, double margin, double tau, int centers)
    implements Loss {
  static final String NAME = "soft-triple";

  /** Defaults: la 20, gamma 0.1, margin 0.01, tau 0.2, 10 centres. */
  public SoftTriple() {
    this(new Settings(NAME));
  }

  SoftTriple(Settings p) {
    this(
        p.number("la"), p.number("gamma"), p.number("margin"), p.number("tau"), p.whole("centers"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Settings.ordered(
        "la", la, "gamma", gamma, "margin", margin, "tau", tau, "centers", centers);
  }

  @Override
  public String source() {
    return "Qian et al., ICCV 2019";
  }

  @Override
  public String formula() {
    return "mean_i [ -log softmax_c(la (S_c - margin [c = y]))_y ] + tau R, S_c = sum_k softmax_k(cos(z, p_ck) / gamma) cos(z, p_ck),"
        + " R = sum_c sum_{j < k} sqrt(2 + 1e-5 - 2 cos(p_cj, p_ck)) / (C K (K-1))";
  }
}
