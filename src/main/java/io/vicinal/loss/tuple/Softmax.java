package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Softmax with a unit weight per class and embeddings as they are given.
 *
 * @param temperature default 0.05
 * @param margin of the own class, default 0; with unit embeddings CosFace's
 */
@TupleLoss.Facts(
    name = "softmax",
    formula =
        "mean_i cross-entropy of (x w^_c - margin [c = y]) / temperature,"
            + " w^_c = weight_c / |weight_c|",
    source = "Zhai, Wu, BMVC 2019")
public record Softmax(
    @Standard(value = "0.05", least = 1e-6) double temperature, @Standard("0") double margin)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Expr weight = in.parameter("weight", "C", "d").unitRows();
    Expr scores = in.embedding().matmul(weight.transposed()).over(temperature);
    return ClassScores.crossEntropy(
        in, scores, ClassScores.own(in, scores).minus(margin / temperature));
  }

  @Override
  public List<LearnedParameter> learned() {
    return List.of(new LearnedParameter("weight", List.of("C", "d")));
  }
}
