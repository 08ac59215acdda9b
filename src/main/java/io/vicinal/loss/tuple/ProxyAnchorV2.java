package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Proxy-Anchor with a scale and a boundary of its own for each kind of pair, and the variants that
 * published code has.
 *
 * @param posAlpha scale of positives, default 32
 * @param negAlpha scale of negatives, default 32
 * @param posDelta boundary of positives, default 0.1
 * @param negDelta boundary of negatives, default -0.1
 * @param mode anchor: sums over samples for each proxy, which is the default; nca: over proxies for
 *     each sample, in which a sample's own proxy counts as often as the batch has its class
 * @param euclidean whether distances of unit vectors, with scales negated, take the place of
 *     cosines; default false
 * @param detachProxies whether proxies are constants; default false
 * @param repeatLabels whether a present class counts as often as the batch has it; default false
 * @param negMean what the mean of the negative sums is over: all classes, which is the default, or
 *     those with a negative in the batch
 * @param negatives others, which is the default, or all: own proxies push as well
 * @param plain whether sums have no 1, log sum exp; default false
 * @param overAlpha whether each part is divided by its scale; default false
 */
@TupleLoss.Facts(
    name = "proxy-anchor-v2",
    formula =
        "mean_{c present} LSE+_{y_i = c}(-pos-alpha (s - pos-delta)) + mean_c LSE+_{y_i != c}("
            + "neg-alpha (s - neg-delta)), s = cos(x, p_c); mode=nca: mean_i LSE+_{y_j = y_i} +"
            + " LSE+_{c != y_i}; euclidean=true: -s = |x^ - p^_c|, and deltas likewise; plain=true:"
            + " log sum exp; over-alpha=true: each part divided by its alpha",
    source = "Kim et al., CVPR 2020; variants of Milbich, Roth et al., NeurIPS 2021")
public record ProxyAnchorV2(
    @Standard(value = "32", least = 1e-4, most = 1e4) double posAlpha,
    @Standard(value = "32", least = 1e-4, most = 1e4) double negAlpha,
    @Standard("0.1") double posDelta,
    @Standard("-0.1") double negDelta,
    @Standard(
            value = "anchor",
            choices = {"anchor", "nca"})
        String mode,
    @Standard("false") boolean euclidean,
    @Standard("false") boolean detachProxies,
    @Standard("false") boolean repeatLabels,
    @Standard(
            value = "all",
            choices = {"all", "present"})
        String negMean,
    @Standard(
            value = "others",
            choices = {"others", "all"})
        String negatives,
    @Standard("false") boolean plain,
    @Standard("false") boolean overAlpha)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr proxies = in.parameter("proxies", "C", "d");
    Expr p = detachProxies ? proxies.stop() : proxies;
    Expr x = in.embedding();
    Expr u =
        euclidean
            ? Measure.DISTANCE.matrix(x.unitRows(), p.unitRows())
            : Measure.COSINE.matrix(x, p); // [B, C]
    double sign = euclidean ? -1 : 1;
    Expr near = u.minus(posDelta).times(-sign * posAlpha);
    Expr far = u.minus(negDelta).times(sign * negAlpha);
    Expr own = ClassScores.mask(in, u).not();
    Expr pushing = negatives.equals("all") ? in.one().broadcastLike(u) : own.not();
    boolean samples = mode.equals("nca");
    Expr pull = samples ? perSample(in, near) : ofClasses(in, near, own);
    Expr push = samples ? sum(far, pushing, 1) : ofOthers(far, pushing);
    Expr both = pull.over(overAlpha ? posAlpha : 1).plus(push.over(overAlpha ? negAlpha : 1));
    return samples ? new Terms(in, both, null, in.one().broadcastLike(both)).mean() : both;
  }

  private Expr sum(Expr x, Expr mask, int axis) {
    return plain ? x.logSumExp(mask, 0, axis) : x.logSumExp1p(mask, axis);
  }

  /** For each sample, [B, 1]: a class of n samples in the batch has n equal terms. */
  private Expr perSample(Batch in, Expr near) {
    Expr repeated = ClassScores.own(in, near).plus(in.alike().sum(1).log());
    return plain ? repeated : repeated.softplus();
  }

  private Expr ofClasses(Batch in, Expr near, Expr own) {
    Expr members = own.sum(0); // [1, C]
    Expr times = repeatLabels ? members : members.step();
    Expr sums = sum(near, own, 0);
    Expr total = sums.times(times).total();
    in.note(times.total(), times.and(sums.step()).total());
    return total.over(times.total().larger(1));
  }

  private Expr ofOthers(Expr far, Expr pushing) {
    Expr sums = sum(far, pushing, 0); // [1, C]
    return negMean.equals("all") ? sums.mean() : sums.mean(pushing.sum(0).step(), 0, 1).total();
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("proxies", List.of("C", "d")));
  }
}
