package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Momentum contrast: a sample is closer to its own key, which a slowly moving copy of the network
 * makes, than to a queue of earlier keys. Labels are not read. Keys and queue are given, not
 * learned; {@code weights} make it the fast one.
 *
 * @param temperature default 0.01
 * @param learnTemperature whether it is learned, [1], in which case {@code temperature} is where it
 *     may start; default false
 * @param weights of negative logits, which are constants to derivatives: none, which is the
 *     default; query: what a distance-weighted miner would draw, each query's divided by their sum;
 *     batch: each queue entry's divided by their sum over the batch, as published code does
 */
@TupleLoss.Facts(
    name = "moco",
    formula =
        "mean_i -log(exp(q.k / t) / (exp(q.k / t) + sum_j exp(w_ij q.Q_j / t))), t the"
            + " temperature; weights=none: w = 1; else w = exp(l - max l) where D <= 1.4, l ="
            + " (2 - d) log D - (d - 3) / 2 log(1 - D^2 / 4), D = max(|q - Q_j|, 0.5) of unit"
            + " vectors; divided by its sum over j (query) or over i (batch)",
    source = "He, Fan, Wu, Xie, Girshick, CVPR 2020; Milbich, Roth et al., ECCV 2020")
public record Moco(
    @Standard(value = "0.01", least = 1e-6) double temperature,
    @Standard("false") boolean learnTemperature,
    @Standard(
            value = "none",
            choices = {"none", "query", "batch"})
        String weights)
    implements TupleLoss {
  private static final double NEAREST = 0.5;
  private static final double FARTHEST = 1.4;
  private static final double FLOOR = 1e-30;

  @Override
  public Expr value(Batch in) {
    Expr t = learnTemperature ? in.parameter("temperature", "1").row() : in.constant(temperature);
    Expr q = in.embedding();
    Expr own = q.times(in.parameter("keys", "B", "d")).sum(1).over(t);
    Expr s = q.matmul(in.parameter("queue", "K", "d").transposed());
    Expr far = (weights.equals("none") ? s : s.times(weight(s, q.size(1)))).over(t).logSumExp(1);
    return new Terms(in, far.minus(own).softplus(), null, in.one().broadcastLike(own)).mean();
  }

  /** One over the density of distances on a sphere of that width, up to a factor. */
  private Expr weight(Expr s, Expr width) {
    Expr distance = s.times(-2).plus(2).relu().sqrt();
    Expr near = distance.lessOrEqual(FARTHEST);
    Expr held = distance.larger(NEAREST).smaller(FARTHEST);
    Expr inside = held.square().over(4).oneMinus().log().times(width.minus(3).over(2));
    Expr log = held.log().times(width.minus(2)).plus(inside).negate();
    boolean batch = weights.equals("batch");
    Expr largest = batch ? log.stoppedMax(0, 0, 1) : log.stoppedMax(near, 0, 1);
    Expr weight = near.select(near.select(log.minus(largest), 0).exp(), 0).larger(FLOOR);
    return weight.over(weight.sum(batch ? 0 : 1)).stop();
  }

  @Override
  public List<LearnedParameter> learned() {
    return learnTemperature
        ? List.of(new LearnedParameter("temperature", List.of("1")))
        : List.of();
  }

  @Override
  public List<LearnedParameter> given() {
    return List.of(
        new LearnedParameter("keys", List.of("B", "d")),
        new LearnedParameter("queue", List.of("K", "d")));
  }
}
