package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Adversarial separation: a small network for each source embedding learns to tell the target from
 * it, and the reversed gradient makes that hard. The embeddings are the target, and sources, other
 * embeddings of the same samples, have gradients as well. Labels are not read. What is minimised by
 * the networks is maximised by the embeddings, so gradients of these are those of minus the value.
 *
 * @param sources how many, default 3
 * @param weight of each, default 1
 */
@TupleLoss.Facts(
    name = "adversarial-separation",
    formula =
        "-weight sum_s mean_i mean_d (x^ * R_s(u)^)^2, u = source_s^, R_s(u) = output_s [hidden_s u"
            + " + hidden-bias_s]+ + output-bias_s; gradients of x and of sources have the other"
            + " sign",
    source = "Milbich, Roth et al., ECCV 2020; reversal: Ganin, Lempitsky, ICML 2015")
public record AdversarialSeparation(
    @Standard(value = "3", least = 1, most = 16) int sources, @Standard("1") double weight)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    String count = Integer.toString(sources);
    Expr target = in.given().reversed().unitRows();
    Expr from = in.parameter("sources", count, "B", "d").reversed();
    Expr hidden = in.parameter("hidden", count, "h", "d");
    Expr hiddenBias = in.parameter("hidden-bias", count, "h");
    Expr output = in.parameter("output", count, "d", "h");
    Expr outputBias = in.parameter("output-bias", count, "d");
    Expr value = in.constant(0);
    for (int s = 0; s < sources; s++) {
      Expr inner = layer(of(s, from).unitRows(), of(s, hidden), hiddenBias.slice(0, s, s + 1));
      Expr guess = layer(inner.relu(), of(s, output), outputBias.slice(0, s, s + 1));
      value = value.plus(target.times(guess.unitRows()).square().mean());
    }
    return value.times(-weight);
  }

  private static Expr of(int source, Expr all) {
    return all.slice(0, source, source + 1).drop(0);
  }

  private static Expr layer(Expr x, Expr weight, Expr bias) {
    return x.matmul(weight.transposed()).plus(bias);
  }

  @Override
  public List<LearnedParameter> learned() {
    String count = Integer.toString(sources);
    return List.of(
        new LearnedParameter("sources", List.of(count, "B", "d")),
        new LearnedParameter("hidden", List.of(count, "h", "d")),
        new LearnedParameter("hidden-bias", List.of(count, "h")),
        new LearnedParameter("output", List.of(count, "d", "h")),
        new LearnedParameter("output-bias", List.of(count, "d")));
  }
}
