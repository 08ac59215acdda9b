package io.vicinal.program.example;

import io.vicinal.program.Expr;
import io.vicinal.program.Graph;
import io.vicinal.program.Program;
import java.util.Map;

/** Multi-similarity (Wang et al., CVPR 2019), without mining. */
public record MultiSimilarity(double alpha, double beta, double base) {
  /** The loss from embeddings and masks [B, B] of their positives and negatives. */
  public Expr value(Expr embedding, Expr positives, Expr negatives) {
    Expr s = embedding.cosines(); // [B, B]
    Expr near = s.minus(base).times(-alpha).logSumExp1p(positives, 1).over(alpha); // [B, 1]
    Expr far = s.minus(base).times(beta).logSumExp1p(negatives, 1).over(beta);
    return near.plus(far).mean();
  }

  /** From inputs {@code embedding} and {@code labels} to the output {@code loss}. */
  public Program program() {
    Graph graph = new Graph();
    Expr embedding = graph.real("embedding", "B", "d");
    Expr labels = graph.integer("labels", "B");
    Expr alike = labels.column().sameAs(labels.row());
    Expr self = alike.index(0).equalTo(alike.index(1));
    return new Program(Map.of("loss", value(embedding, alike.and(self.not()), alike.not())));
  }
}
