package io.vicinal.loss;

import java.util.Locale;
import java.util.Map;

/**
 * Proxy-Anchor: each proxy pulls its own samples and pushes all others, with a log-sum-exp over the
 * batch per proxy.
 *
 * <p>L = mean over present classes c of LSE+_{y_i = c}(-alpha (s_ic - margin)) + mean over all c of
 * LSE+_{y_i != c}(alpha (s_ic + margin)), with s the cosine and LSE+ = log(1 + sum exp). A sample's
 * weight multiplies its terms inside the sums. It is not a sum over samples, so it has no
 * per-sample values.
 *
 * <p>Mode {@code nca} reduces per sample instead and is a mean over the batch: the positive sum has
 * one term per batch sample of the same label, the negative sum one per other proxy.
 *
 * <p>Immutable, hence thread-safe.
 *
 * @param margin default 0.1
 * @param alpha above 0, default 32
 * @param perSampleAxis mode "nca"; default false, mode "anchor"
 * @param repeatLabels whether present classes count as often as the batch has them; default false
 * @param euclidean whether distances u of unit vectors, with alpha negated, replace cosines;
 *     default false
 * @param detachProxies whether proxies are constants; default false
 * @see <a href="https://arxiv.org/abs/2003.13911">Kim et al. 2020</a>
 */
public record ProxyAnchor(
    double margin,
    double alpha,
    boolean perSampleAxis,
    boolean repeatLabels,
    boolean euclidean,
    boolean detachProxies)
    implements Loss {
  static final String NAME = "proxy-anchor";

  /** Defaults: margin 0.1, alpha 32, mode anchor, cosines. */
  public ProxyAnchor() {
    this(new Settings(NAME));
  }

  ProxyAnchor(Settings p) {
    this(
        p.number("margin"),
        p.number("alpha"),
        p.other("mode"),
        p.other("repeat-labels"),
        p.other("euclidean"),
        p.other("detach-proxies"));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, Object> params() {
    return Settings.ordered(
        "margin", margin,
        "alpha", alpha,
        "mode", perSampleAxis ? "nca" : "anchor",
        "repeat-labels", repeatLabels,
        "euclidean", euclidean,
        "detach-proxies", detachProxies);
  }

  @Override
  public String source() {
    return "Kim et al., CVPR 2020";
  }

  @Override
  public String formula() {
    String measure = euclidean ? "u = |z^ - p^_c|" : "s = cos(z, p_c)";
    String positive = euclidean ? "alpha (u - margin)" : "-alpha (s - margin)";
    String negative = euclidean ? "-alpha (u + margin)" : "alpha (s + margin)";
    String over =
        perSampleAxis
            ? "mean_i [ LSE+_{j: y_j = y_i}(%s) + LSE+_{c != y_i}(%s) ], %s"
            : "mean_{c present} LSE+_{y_i = c}(%s) + mean_c LSE+_{y_i != c}(%s), %s";
    return String.format(Locale.ROOT, over, positive, negative, measure);
  }
}
