package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/** Ranks of a batch's samples in each other's lists, with a sigmoid for each comparison. */
final class Ranks {
  private Ranks() {}

  /**
   * At (i, j), where j is one of {@code ranked} for i: 1 + how many of the others in {@code among}
   * are more similar to i than j is. The comparisons are a grid [B, B, B] that is never kept.
   *
   * @param s similarities [B, B]
   * @param ranked whose ranks are wanted, [B, B]; others have no meaning
   * @param among all in the lists, those included; null for the whole batch
   */
  static Expr of(Expr s, Expr ranked, Expr among, double temperature) {
    Expr above = s.expand(1).minus(s.expand(2)).over(temperature).sigmoid(); // [i, j, k]
    Expr counted = ranked.expand(2).select(above, 0);
    Expr count = among == null ? counted.sum(2) : counted.sum(among.expand(1), 2);
    return count.drop(2).plus(0.5); // j's comparison with itself was the other half
  }
}
