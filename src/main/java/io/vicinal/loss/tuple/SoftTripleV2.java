package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.ArrayList;
import java.util.List;

/**
 * SoftTriple: a class has several centres, and its similarity is a soft maximum over theirs.
 *
 * @param la inverse temperature of the classes' softmax, default 20
 * @param gamma temperature of the centres' softmax, default 0.1
 * @param margin default 0.01
 * @param tau weight of the regulariser, default 0.2
 * @param centers of a class, default 10
 * @param coded whether axes and gamma are as in published code: default false
 */
@TupleLoss.Facts(
    name = "soft-triple-v2",
    formula =
        "mean_i cross-entropy of la (S_c - margin [c = y]), S_c = sum_k softmax_k(s_ck / gamma)"
            + " s_ck, s = cos(x, p_ck), + tau sum_c sum_{j < k} |p^_cj - p^_ck| / (C K (K-1));"
            + " coded=true: softmax over c, of gamma s, and lengths over centres",
    source = "Qian et al., ICCV 2019")
public record SoftTripleV2(
    @Standard(value = "20", least = 1e-4, most = 1e4) double la,
    @Standard(value = "0.1", least = 1e-4, most = 1e4) double gamma,
    @Standard("0.01") double margin,
    @Standard(value = "0.2", least = 0) double tau,
    @Standard(value = "10", least = 1, most = 100) int centers,
    @Standard("false") boolean coded)
    implements TupleLoss {
  /** In the root of the regulariser. */
  private static final double ROOT = 1e-5;

  @Override
  public Expr value(Batch in) {
    Expr x = coded ? in.embedding() : in.embedding().unitRows();
    List<Expr> weights = weights(in.parameter("weight", sizes().toArray(String[]::new)));
    List<Expr> cosines = weights.stream().map(w -> x.matmul(w.transposed())).toList(); // [B, C]
    Expr scores = (coded ? overClasses(cosines) : overCentres(cosines)).times(la);
    Expr own = ClassScores.own(in, scores).minus(la * margin);
    return ClassScores.crossEntropy(in, scores, own).plus(spread(weights).times(tau));
  }

  /** The centres of each place in their class, [C, d] each. */
  private List<Expr> weights(Expr all) {
    List<Expr> weights = new ArrayList<>();
    for (int k = 0; k < centers; k++) {
      weights.add(all.slice(1, k, k + 1).drop(1));
    }
    if (!coded) {
      return weights.stream().map(w -> scaled(w, w.abs().stoppedMax(0, 1)).unitRows()).toList();
    }
    Expr largest = // of each coordinate, [1, d]
        weights.stream()
            .map(weight -> weight.abs().stoppedMax(0, 0))
            .reduce(Expr::larger)
            .orElseThrow()
            .stop();
    List<Expr> scaled = weights.stream().map(weight -> scaled(weight, largest)).toList();
    Expr squares =
        scaled.stream().map(weight -> weight.square().sum(0)).reduce(Expr::plus).orElseThrow();
    Expr lengths = squares.equalTo(0).select(1, squares).sqrt();
    return scaled.stream().map(weight -> weight.over(lengths)).toList();
  }

  /** Directions do not change with the scale, and third powers of short lengths overflow. */
  private static Expr scaled(Expr weight, Expr largest) {
    return weight.over(largest.equalTo(0).select(1, largest));
  }

  private Expr overCentres(List<Expr> cosines) {
    Expr largest = cosines.stream().reduce(Expr::larger).orElseThrow().stop();
    Expr sum = null;
    Expr weighted = null;
    for (Expr s : cosines) {
      Expr weight = s.minus(largest).over(gamma).exp();
      sum = sum == null ? weight : sum.plus(weight);
      weighted = weighted == null ? weight.times(s) : weighted.plus(weight.times(s));
    }
    return weighted.over(sum);
  }

  private Expr overClasses(List<Expr> cosines) {
    return cosines.stream()
        .map(s -> s.times(gamma).minus(s.times(gamma).logSumExp(1)).exp().times(s))
        .reduce(Expr::plus)
        .orElseThrow();
  }

  /** The mean distance of a class's centres from each other. */
  private Expr spread(List<Expr> weights) {
    Expr sum = weights.get(0).graph().constant(0);
    for (int j = 0; j < centers; j++) {
      for (int k = j + 1; k < centers; k++) {
        Expr cosine = weights.get(j).times(weights.get(k)).sum(1); // [C, 1]
        sum = sum.plus(cosine.times(-2).plus(2 + ROOT).relu().sqrt().total());
      }
    }
    double pairs = Math.max(1, centers * (centers - 1));
    return sum.over(weights.get(0).size(0).times(pairs));
  }

  private List<String> sizes() {
    return List.of("C", Integer.toString(centers), "d");
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("weight", sizes()));
  }
}
