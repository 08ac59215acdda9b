package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Supervised contrastive loss of samples with several labels each. Rows of {@code label-sets} are 1
 * where a sample has the label, or a weight of it, and 0 elsewhere; with one label a row it is
 * {@link SupCon}.
 *
 * @param temperature default 0.1
 * @param weights of a pair: labels, which is the default, takes each label of an anchor as a class
 *     of its own; jaccard, how alike the two label sets are
 */
@TupleLoss.Facts(
    name = "multi-label-supcon",
    formula =
        "sum_i sum_(j != i) w_ij -log(e(i,j) / sum over all others e) / n, e = exp(s / temperature);"
            + " w_ij = sum_l y_il y_jl / sum_(k != i) y_kl, n: labels of anchors that another sample"
            + " has; weights=jaccard: w_ij = y_i.y_j / (|y_i|^2 + |y_j|^2 - y_i.y_j), divided by"
            + " its sum over j, n: anchors that have one above 0",
    source = "Zhang, Wu, AAAI 2024; after Khosla et al., NeurIPS 2020")
public record MultiLabelSupCon(
    @Standard(value = "0.1", least = 1e-6) double temperature,
    @Standard(
            value = "labels",
            choices = {"labels", "jaccard"})
        String weights)
    implements TupleLoss {
  /** What the sum of weights 0 may come out as, in epsilons of what was subtracted. */
  private static final double ROUNDINGS = 8;

  @Override
  public Expr value(Batch in) {
    Expr s = in.matrix(Measure.PRODUCT).times(1 / temperature);
    Expr y = in.parameter("label-sets", "B", "L");
    Expr w = in.others().and(weights.equals("labels") ? ofLabels(y) : jaccard(y)); // [B, B]
    Expr sum = w.sum(1);
    Expr each = sum.times(s.logSumExp(in.others(), 0, 1)).minus(w.times(s).sum(1)); // [B, 1]
    if (weights.equals("labels")) {
      Expr shared = y.and(rest(y).step()).sum(1);
      in.note(shared.total(), shared.total());
      return each.total().over(atLeastSomething(shared.total()));
    }
    Expr has = sum.step();
    return new Terms(in, each.over(atLeastSomething(sum)), null, has).mean();
  }

  @Override
  public List<LearnedParameter> given() {
    return List.of(new LearnedParameter("label-sets", List.of("B", "L")));
  }

  /** For each sample and label, how much of the label the other samples have, [B, L]. */
  private static Expr rest(Expr y) {
    Expr all = y.sum(0);
    Expr rest = all.minus(y);
    Expr rounding = y.graph().epsilon().times(ROUNDINGS).times(all);
    return rest.lessOrEqual(rounding).select(0, rest);
  }

  private static Expr ofLabels(Expr y) {
    return y.over(atLeastSomething(rest(y))).matmul(y.transposed());
  }

  private static Expr jaccard(Expr y) {
    Expr both = y.gram();
    Expr squares = y.square().sum(1);
    return both.over(atLeastSomething(squares.plus(squares.transposed()).minus(both)));
  }

  private static Expr atLeastSomething(Expr x) {
    return x.equalTo(0).select(1, x);
  }
}
