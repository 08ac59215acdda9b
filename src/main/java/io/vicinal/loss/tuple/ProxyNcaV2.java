package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * ProxyNCA over other distances than the squared one of {@code proxy-nca} and {@code proxy-nca-pp}.
 *
 * @param scale of the unit vectors, default 3
 * @param distance euclidean, squared, or product: -x p
 * @param excludePositive whether the sum leaves the sample's own class out; default false
 * @param temperature that divides distances, default 1
 * @param tempered whether it divides both, which is the default, or those to own proxies only, as
 *     published code does
 * @param over what the sum runs over: the classes for each sample, which is the default; samples:
 *     those of other classes for each class; or slots: a column of each sample's other classes in
 *     their order, which are others for each, as published code does
 */
@TupleLoss.Facts(
    name = "proxy-nca-v2",
    formula =
        "mean_i D(x,p_y) + log sum_c exp(-D(x,p_c)); D = d, d^2 or -x p of scale x/|x| and"
            + " scale p/|p|; exclude-positive=true: c other than y; both over temperature; over=samples: mean_i D(x,p_y) + mean_c log sum_{y_i != c}",
    source = "Movshovitz-Attias et al., ICCV 2017; Teh et al., ECCV 2020")
public record ProxyNcaV2(
    @Standard(value = "3", least = 1e-4, most = 1e4) double scale,
    @Standard(
            value = "euclidean",
            choices = {"euclidean", "squared", "product"})
        String distance,
    @Standard("false") boolean excludePositive,
    @Standard(value = "1", least = 1e-6) double temperature,
    @Standard(
            value = "both",
            choices = {"both", "positive"})
        String tempered,
    @Standard(
            value = "classes",
            choices = {"classes", "samples", "slots"})
        String over)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr x = in.embedding().unitRows().times(scale);
    Expr p = in.parameter("proxies", "C", "d").unitRows().times(scale);
    Expr scores =
        switch (distance) {
          case "euclidean" -> Measure.DISTANCE.matrix(x, p).negate();
          case "squared" -> Measure.SQUARED_DISTANCE.matrix(x, p).negate();
          default -> Measure.PRODUCT.matrix(x, p);
        };
    Expr own = ClassScores.own(in, scores).over(temperature);
    Expr all = tempered.equals("both") ? scores.over(temperature) : scores;
    return switch (over) {
      case "classes" -> ofClasses(in, all, own);
      case "samples" -> pull(in, all, own).plus(ofSamples(in, all));
      default -> pull(in, all, own).plus(ofSlots(in, all));
    };
  }

  private Expr ofClasses(Batch in, Expr scores, Expr own) {
    Expr others = ClassScores.others(in, scores);
    if (excludePositive) {
      return ClassScores.mean(in, scores, others.minus(own));
    }
    return tempered.equals("both")
        ? ClassScores.crossEntropy(in, scores, own)
        : ClassScores.mean(in, scores, scores.logSumExp(1).minus(own));
  }

  private static Expr pull(Batch in, Expr scores, Expr own) {
    return ClassScores.mean(in, scores, own.negate());
  }

  /** For each class over the samples, of other classes where own ones are left out. */
  private Expr ofSamples(Batch in, Expr scores) {
    Expr all = in.one().broadcastLike(scores);
    Expr counted = excludePositive ? ClassScores.mask(in, scores) : all;
    Expr sums = scores.logSumExp(counted, 0, 0); // [1, C]
    return sums.mean(counted.sum(0).step(), 0, 1).total();
  }

  /** Slot k of a sample is class k, or k + 1 from its own class on. */
  private Expr ofSlots(Batch in, Expr scores) {
    Expr before = scores.slice(1, 0, -1);
    Expr slots =
        excludePositive
            ? before
                .index(1)
                .lessThan(in.labels().column().toReal())
                .select(before, scores.slice(1, 1))
            : scores;
    return slots.logSumExp(0).total().over(slots.size(1).larger(1));
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("proxies", List.of("C", "d")));
  }
}
