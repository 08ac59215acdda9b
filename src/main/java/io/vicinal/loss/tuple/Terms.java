package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.function.UnaryOperator;

/**
 * One number for each tuple, laid out over a grid of which a mask says what is a tuple.
 *
 * @param batch that they are of
 * @param values of the grid's shape, or repeated to it
 * @param outer a mask that most of the grid fails, or null; where it is 0 nothing is computed
 * @param mask the rest of the mask
 */
public record Terms(Batch batch, Expr values, Expr outer, Expr mask) {
  /** The terms after a function of each. */
  public Terms map(UnaryOperator<Expr> function) {
    return new Terms(batch, function.apply(values), outer, mask);
  }

  /** Other values of the same tuples. */
  public Terms with(Expr other) {
    return new Terms(batch, other, outer, mask);
  }

  /** The sum over the tuples. */
  public Expr sum() {
    batch.note(count(), active());
    return total(values);
  }

  /** How many tuples there are. */
  public Expr count() {
    return total(batch.one().broadcastLike(values));
  }

  /** How many of them are above 0. */
  public Expr active() {
    return total(values.step());
  }

  /** The mean over the tuples, 0 of none. */
  public Expr mean() {
    return sum().over(count().larger(1));
  }

  /** The sum over the tuples divided by how many are above 0, 0 where none is. */
  public Expr meanOfActive() {
    return sum().over(active().larger(1));
  }

  /** The mean over "all" tuples, or over the "active" ones. */
  Expr mean(String over) {
    return over.equals("active") ? meanOfActive() : mean();
  }

  private Expr total(Expr of) {
    return (outer == null ? of : outer.select(of, 0)).sum(mask);
  }
}
