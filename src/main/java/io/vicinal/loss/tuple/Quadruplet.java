package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;

/**
 * Quadruplet loss: a positive is closer than a negative, and closer than two negatives are to each
 * other. The fourth sample f is of neither the anchor's nor the negative's class: the first such
 * one that follows the negative in the batch, where the batch's end is followed by its start. A
 * triplet for which there is none has no second term. A miner may name it instead.
 *
 * <p>With a memory the positive and both negatives are references, and the fourth is looked for
 * among all of them, what is remembered following the batch. Two negatives that are remembered are
 * as far apart as they are, a constant; the term then moves anchor and positive alone. To find the
 * fourths of all triplets takes R² numbers.
 *
 * @param alpha1 the first margin, default 0.2
 * @param alpha2 the second one, default 0.2
 * @param second of listed tuples, over which the second mean is: matched, each with its own fourth,
 *     which is the default; or all, each with the fourths of all, as published code does
 */
@TupleLoss.Facts(
    name = "quadruplet",
    formula =
        "mean_T [d(a,p) - d(a,n) + alpha1]+ + mean_T [d(a,p) - d(n,f) + alpha2]+; f: the next"
            + " sample after n, cyclically, of another class than a and n; second=all: of listed"
            + " tuples mean_T mean_f",
    source = "Chen, Chen, Zhang, Huang, CVPR 2017",
    tuples = {TupleLoss.Tuples.TRIPLETS, TupleLoss.Tuples.QUADRUPLETS})
public record Quadruplet(
    @Standard("0.2") double alpha1,
    @Standard("0.2") double alpha2,
    @Standard(
            value = "matched",
            choices = {"matched", "all"})
        String second)
    implements TupleLoss {
  @Override
  public Expr value(Batch in) {
    Terms near = in.triplets(Measure.DISTANCE, (ap, an) -> ap);
    Terms second = in.isList() ? listed(in, near) : all(in, near);
    Expr apart = second.mean();
    return in.triplets(Measure.DISTANCE, (ap, an) -> ap.minus(an).plus(alpha1).relu())
        .mean()
        .plus(apart);
  }

  private Terms second(Terms near, Expr opposite, Expr outer, Expr mask) {
    Expr values = near.values().minus(opposite).plus(alpha2).relu();
    return new Terms(near.batch(), values, outer, mask);
  }

  private Terms listed(Batch in, Terms near) {
    Expr negative = in.member("negatives");
    Expr fourth = fourth(in, negative);
    Expr there = exists(fourth); // [m, 1]
    Expr x = in.references();
    if (second.equals("all")) {
      Expr opposite = Measure.DISTANCE.matrix(x.gather(negative), x.gather(fourth)); // [m, m]
      return second(near, opposite, null, there.transposed().broadcastLike(opposite));
    }
    return second(near, Measure.DISTANCE.rows(x.gather(negative), x.gather(fourth)), null, there);
  }

  private static Expr fourth(Batch in, Expr negative) {
    if (in.mined() == TupleLoss.Tuples.QUADRUPLETS) {
      return in.member("fourths");
    }
    Expr classes = classes(in.alikeReferences());
    Expr ofAnchor = classes.gather(in.member("anchors")); // [m, 1]
    return next(classes, negative.toReal().column(), classes.gather(negative), ofAnchor);
  }

  /**
   * The reference after n of another class than n's is the fourth for all anchors but those of its
   * class, and for these it is the next one of a third class: two distances for each n.
   */
  private Terms all(Batch in, Terms near) {
    Expr classes = classes(in.alikeReferences());
    Expr place = classes.index(0); // [R, 1]
    Expr first = next(classes, place, classes, classes); // [n]
    Expr ofFirst = classes.gather(first);
    Expr next = next(classes, place, classes, ofFirst);
    Expr taken = ofFirst.equalTo(classes(in.alike()).transposed()); // [n, a]: a is of that class
    Expr x = in.references();
    Expr one = Measure.DISTANCE.rows(x, x.gather(first)); // [n, 1]
    Expr two = Measure.DISTANCE.rows(x, x.gather(next));
    Expr opposite = taken.select(two, one).transposed(); // [a, n]
    Expr there = taken.select(exists(next), exists(first)).transposed();
    return second(near, opposite.expand(1), near.outer(), near.mask().and(there.expand(1)));
  }

  private static Expr exists(Expr index) {
    return index.toReal().column().greaterOrEqual(0);
  }

  /** Each row's class, by the first reference of it: labels may be too large for a real number. */
  private static Expr classes(Expr alike) {
    return alike.argmax(1).toReal();
  }

  /** The first reference that follows a place, cyclically, and is of neither class; or -1. */
  private static Expr next(Expr classes, Expr place, Expr one, Expr other) {
    Expr all = classes.transposed(); // [1, R]
    Expr allowed = all.equalTo(one).not().and(all.equalTo(other).not()); // [n, R]
    Expr ahead = allowed.index(1).minus(place);
    Expr size = classes.size(0);
    // R for the one after the place, down to 1 for the place itself
    Expr nearness = ahead.lessOrEqual(0).select(ahead.negate(), size.minus(ahead)).plus(1);
    return nearness.argmax(allowed, 1).drop(1);
  }
}
