package io.vicinal.mine;

import io.vicinal.loss.tuple.Standard;

/**
 * All triplets of some difficulty.
 *
 * @param margin default 0.2
 * @param typeOfTriplets all: that violate the margin; of them hard, whose negative is not farther,
 *     and semihard, the others; easy: those that do not
 */
@Miner.Facts(
    name = "triplet-margin",
    rule =
        "g = D(a,n) - D(a,p): g <= margin (all), g <= 0 (hard), 0 < g <= margin (semihard), g >"
            + " margin (easy)",
    source = "Schroff, Kalenichenko, Philbin, CVPR 2015; pytorch-metric-learning")
public record TripletMarginMiner(
    @Standard("0.2") double margin,
    @Standard(
            value = "all",
            choices = {"all", "hard", "semihard", "easy"})
        String typeOfTriplets)
    implements AnchorMiner {
  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    for (int p : in.positives(a)) {
      double near = in.distance(a, p);
      for (int n : in.negatives(a)) {
        if (fits(in.distance(a, n) - near)) {
          out.triplet(a, p, n);
        }
      }
    }
  }

  private boolean fits(double gap) {
    return switch (typeOfTriplets) {
      case "hard" -> gap <= margin && gap <= 0;
      case "semihard" -> gap <= margin && gap > 0;
      case "easy" -> gap > margin;
      default -> gap <= margin;
    };
  }
}
