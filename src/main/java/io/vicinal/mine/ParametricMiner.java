package io.vicinal.mine;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Standard;

/**
 * A random positive, and a negative as likely as the weight of its distance's bin. Bins lie between
 * {@code support} edges; what a mode wants weighs 1 and all else next to nothing.
 *
 * @param mode uniform; hards (up to 0.5), semihards (0.3 to 0.7), veryhards (up to 0.3)
 * @param support how many edges; default 10
 * @param supportLow the first; default 0.1
 * @param supportHigh the last; default 1.9; negatives outside are left out, unless all are
 */
@Miner.Facts(
    name = "parametric",
    rule = "p any; n with probability ~ the weight of the bin of D(a,n), which mode gives",
    source = "Roth et al., CVPR 2020; as intended")
public record ParametricMiner(
    @Standard(
            value = "uniform",
            choices = {"uniform", "hards", "semihards", "veryhards"})
        String mode,
    @Standard(value = "10", least = 2) int support,
    @Standard(value = "0.1", least = 0) double supportLow,
    @Standard(value = "1.9", least = 0) double supportHigh)
    implements AnchorMiner {
  private static final double LEAST = 1e-15;

  /** Checks that there are bins. */
  public ParametricMiner {
    if (!(supportLow < supportHigh)) {
      throw new InputException(
          "parametric: support-low " + supportLow + " is not below support-high " + supportHigh);
    }
  }

  @Override
  public void mine(int a, Candidates in, Draws draws, Mined out) {
    int p = draws.oneOf(in.positives(a));
    out.triplet(a, p, draws.weighted(in.negatives(a), n -> weight(in.distance(a, n))));
  }

  private double weight(double distance) {
    if (!(distance >= supportLow && distance <= supportHigh)) {
      return 0;
    }
    double width = (supportHigh - supportLow) / (support - 1);
    double bin = Math.min(Math.floor((distance - supportLow) / width), support - 2);
    double middle = supportLow + (bin + 0.5) * width;
    boolean wanted =
        switch (mode) {
          case "hards" -> middle <= 0.5;
          case "semihards" -> middle >= 0.3 && middle <= 0.7;
          case "veryhards" -> middle <= 0.3;
          default -> true;
        };
    return wanted ? 1 : LEAST;
  }
}
