package io.vicinal.loss.tuple;

import io.vicinal.program.Expr;
import java.util.List;

/**
 * Margin loss: positives are closer than a boundary and negatives farther, both by a margin.
 *
 * @param margin default 0.2
 * @param beta the boundary, default 1.2
 * @param nu how much boundaries cost, default 0
 * @param learnBeta whether each class learns its boundary, in which case {@code beta} is where it
 *     may start; default false
 * @param count what the sum is divided by: active pairs, which is the default, or triplets with an
 *     active pair, as the code of two published studies counts
 */
@TupleLoss.Facts(
    name = "margin",
    formula =
        "sum_T ([d(a,p) - beta + margin]+ + [beta - d(a,n) + margin]+) / n + nu sum_T beta;"
            + " n: terms above 0; learn-beta=true: beta of the anchor's class; count=triplets:"
            + " n triplets with a term above 0",
    source = "Wu, Manmatha, Smola, Kraehenbuehl, ICCV 2017",
    tuples = {TupleLoss.Tuples.TRIPLETS, TupleLoss.Tuples.PAIRS})
public record Margin(
    @Standard("0.2") double margin,
    @Standard("1.2") double beta,
    @Standard("0") double nu,
    @Standard("false") boolean learnBeta,
    @Standard(
            value = "pairs",
            choices = {"pairs", "triplets"})
        String count)
    implements TupleLoss {
  @Override
  public List<LearnedParameter> learned() {
    return learnBeta ? List.of(new LearnedParameter("beta", List.of("C"))) : List.of();
  }

  @Override
  public Expr value(Batch in) {
    Expr boundary =
        learnBeta
            ? in.ofAnchors(in.parameter("beta", "C").gather(in.labels()).column())
            : in.constant(beta);
    Terms near = in.positivePairs(Measure.DISTANCE).map(d -> d.minus(boundary).plus(margin).relu());
    Terms far = in.negativePairs(Measure.DISTANCE).map(d -> boundary.minus(d).plus(margin).relu());
    // All triplets are summed without being made: a pair is in as many as there are others.
    Expr nearTimes = in.isList() ? in.constant(1) : in.negatives().sum(1);
    Expr farTimes = in.isList() ? in.constant(1) : in.positives().sum(1);
    Expr triplets = in.tripletsPerAnchor();
    Expr sum = sum(near, nearTimes).plus(sum(far, farTimes));
    Expr active = sum(near.map(Expr::step), nearTimes).plus(sum(far.map(Expr::step), farTimes));
    boolean ofTriplets = count.equals("triplets") && in.mined() != TupleLoss.Tuples.PAIRS;
    Expr n = ofTriplets ? activeTriplets(in, near, far) : active;
    in.note(triplets.total(), n);
    return sum.over(n.larger(1)).plus(triplets.times(boundary).total().times(nu));
  }

  private static Expr sum(Terms terms, Expr times) {
    return terms.map(value -> value.times(times)).sum();
  }

  /** Those of an anchor are all but the ones of two pairs that are not active. */
  private static Expr activeTriplets(Batch in, Terms near, Terms far) {
    if (in.isList()) {
      return near.values().plus(far.values()).step().total();
    }
    Expr still = near.values().lessOrEqual(0).sum(in.positives(), 1);
    Expr quiet = far.values().lessOrEqual(0).sum(in.negatives(), 1);
    return in.tripletsPerAnchor().minus(still.times(quiet)).total();
  }
}
